// Estimates pi by throwing darts at a square: npm start -- samples/estimating-pi.ts 10000000
const darts = Number(args[0] ?? 2_000_000);

const inside = await sc
  .range(darts)
  .filter(() => {
    const x = Math.random() * 2 - 1;
    const y = Math.random() * 2 - 1;
    return x * x + y * y < 1;
  })
  .count();

console.log(`pi is about ${(4 * inside) / darts}`);
