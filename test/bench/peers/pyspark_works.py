# The works of `npm run bench:peers` on PySpark's RDDs, local[2].
import json
import math
import sys
import time
from pyspark import SparkConf, SparkContext

DIMENSIONS = 10


def link(i, n):
    return (i, [(i * 31 + 7) % n, (i * 17 + 3) % n, (i * 7 + 1) % n, i // 2])


def point(i):
    y = -1 if i % 2 == 0 else 1
    return ([((i * 7919 + j * 104729) % 1000) / 1000 + y * 0.7 for j in range(DIMENSIONS)], y)


def gradient(p, w):
    x, y = p
    dot = sum(a * b for a, b in zip(w, x))
    s = (1 / (1 + math.exp(-y * dot)) - 1) * y
    return [v * s for v in x]


def sort_middle(sc, a):
    n = int(1000000 * a['scale'])
    rows = sc.range(0, 2 * n, 1, 2).map(lambda i: (i * 2654435761) % 4294967296).sortBy(lambda x: x).zipWithIndex()
    return rows.filter(lambda p: p[1] == n).first()[0]


def join(sc, a):
    n = int(1000000 * a['scale'])
    left = sc.range(0, n, 1, 2).map(lambda i: ((i * 7) % 1000003, i))
    return left.join(sc.range(0, n, 1, 2).map(lambda i: ((i * 13) % 1000003, i))).count()


def group(sc, a):
    rows = sc.range(0, int(2000000 * a['scale']), 1, 2).map(lambda i: (i % 10000, i))
    return rows.groupByKey().mapValues(sum).count()


def pagerank(sc, a):
    n = int(200000 * a['scale'])
    links = sc.range(0, n, 1, 2).map(lambda i: link(i, n)).partitionBy(2).cache()
    links.count()

    def run():
        ranks = links.mapValues(lambda _: 1.0)
        for _ in range(5):
            shares = links.join(ranks).flatMap(lambda p: [(page, p[1][1] / len(p[1][0])) for page in p[1][0]])
            ranks = shares.reduceByKey(lambda x, y: x + y).mapValues(lambda s: 0.15 + 0.85 * s)
        return ranks.values().sum()

    return run


def logreg(sc, a):
    n = int(1000000 * a['scale'])
    points = sc.range(0, n, 1, 2).map(point).cache()
    points.count()

    def run():
        w = [0.1] * DIMENSIONS
        for _ in range(10):
            now = w
            g = points.map(lambda p: gradient(p, now)).reduce(lambda x, y: [u + v for u, v in zip(x, y)])
            w = [u - v / n for u, v in zip(w, g)]
        return w[0]

    return run


def now(work):
    return lambda sc, a: lambda: work(sc, a)


WORKS = {
    'count': now(lambda sc, a: sc.textFile(a['text']).count()),
    'grep': now(lambda sc, a: sc.textFile(a['text']).filter(lambda l: 'abc' in l).count()),
    'wordcount': now(lambda sc, a: sc.textFile(a['text']).flatMap(lambda l: l.split(' ')).map(lambda w: (w, 1)).reduceByKey(lambda x, y: x + y).count()),
    'sum': now(lambda sc, a: sc.range(0, int(20000000 * a['scale']), 1, 2).map(lambda x: x * 2).filter(lambda x: x % 3 == 0).reduce(lambda x, y: x + y)),
    'sort': now(sort_middle),
    'join': now(join),
    'group': now(group),
    'pagerank': pagerank,
    'logreg': logreg,
    'tinyjobs': now(lambda sc, a: sum(sc.parallelize(range(10), 2).count() for _ in range(50))),
}

conf = SparkConf().setMaster('local[2]').setAppName('peer').set('spark.ui.enabled', 'false')
context = SparkContext(conf=conf.set('spark.driver.host', '127.0.0.1').set('spark.driver.bindAddress', '127.0.0.1'))
context.setLogLevel('OFF')
print('READY', flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    run = WORKS[asked['work']](context, asked)
    started = time.perf_counter()
    result = run()
    print('PEER', json.dumps({'seconds': time.perf_counter() - started, 'result': result}), flush=True)
    for rdd in context._jsc.getPersistentRDDs().values():
        rdd.unpersist()
context.stop()
