// A library in plain JavaScript, which nothing instruments.
exports.compose =
  (...fs) =>
  (x) =>
    fs.reduceRight((a, f) => f(a), x);

exports.memo = (f) => {
  const known = new Map();
  return (x) => {
    if (!known.has(x)) known.set(x, f(x));
    return known.get(x);
  };
};

exports.sharedCounter = () => {
  class Counter {
    #n = 5;
    next() {
      return ++this.#n;
    }
  }
  return new Counter();
};
