// The works of `npm run bench:peers` on Spark's own RDDs in Scala, local[2].
import org.apache.spark.{HashPartitioner, SparkConf, SparkContext}

object ScalaWorks {
  private val dimensions = 10

  private def work(sc: SparkContext, name: String, text: String, scale: Double): () => Double = {
    def some(n: Int): Int = (n * scale).round.toInt
    name match {
      case "count" => () => sc.textFile(text).count().toDouble
      case "grep" => () => sc.textFile(text).filter(_.contains("abc")).count().toDouble
      case "wordcount" => () => sc.textFile(text).flatMap(_.split(" ")).map(w => (w, 1)).reduceByKey(_ + _).count().toDouble
      case "sum" => () => sc.range(0, some(20000000), 1, 2).map(_ * 2).filter(_ % 3 == 0).reduce(_ + _).toDouble
      case "sort" => () => {
        val middle = some(1000000)
        val rows = sc.range(0, 2 * middle, 1, 2).map(i => (i * 2654435761L) % 4294967296L).sortBy(x => x).zipWithIndex()
        rows.filter(_._2 == middle).first()._1.toDouble
      }
      case "join" => () => {
        def keyed(factor: Long) = sc.range(0, some(1000000), 1, 2).map(i => ((i * factor) % 1000003L, i))
        keyed(7).join(keyed(13)).count().toDouble
      }
      case "group" => () => {
        val rows = sc.range(0, some(2000000), 1, 2).map(i => (i % 10000, i))
        rows.groupByKey().mapValues(_.foldLeft(0L)(_ + _)).count().toDouble
      }
      case "pagerank" => {
        val n = some(200000).toLong
        val made = sc.range(0, n, 1, 2).map(i => (i, Array((i * 31 + 7) % n, (i * 17 + 3) % n, (i * 7 + 1) % n, i / 2)))
        val links = made.partitionBy(new HashPartitioner(2)).cache()
        links.count()
        () => {
          var ranks = links.mapValues(_ => 1.0)
          for (_ <- 1 to 5)
            ranks = links.join(ranks).flatMap { case (_, (out, rank)) => out.map(page => (page, rank / out.length)) }
              .reduceByKey(_ + _).mapValues(0.15 + 0.85 * _)
          ranks.values.sum()
        }
      }
      case "logreg" => {
        val n = some(1000000)
        val points = sc.range(0, n, 1, 2).map { i =>
          val y = if (i % 2 == 0) -1.0 else 1.0
          (Array.tabulate(dimensions)(j => ((i * 7919 + j * 104729) % 1000) / 1000.0 + y * 0.7), y)
        }.cache()
        points.count()
        () => {
          var weights = Array.fill(dimensions)(0.1)
          for (_ <- 1 to 10) {
            val w = weights
            val gradient = points.map { case (x, y) =>
              var dot = 0.0
              for (j <- x.indices) dot += w(j) * x(j)
              val s = (1 / (1 + math.exp(-y * dot)) - 1) * y
              x.map(_ * s)
            }.reduce((a, b) => a.indices.map(j => a(j) + b(j)).toArray)
            weights = weights.indices.map(j => weights(j) - gradient(j) / n).toArray
          }
          weights(0)
        }
      }
      case "tinyjobs" => () => (1 to 50).map(_ => sc.parallelize(1 to 10, 2).count()).sum.toDouble
    }
  }

  def main(args: Array[String]): Unit = {
    val conf = new SparkConf().setMaster("local[2]").setAppName("peer").set("spark.ui.enabled", "false")
    val sc = new SparkContext(conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1"))
    sc.setLogLevel("OFF")
    println("READY")
    val asked = """.*"work":"([a-z]+)".*"text":"([^"]*)".*"scale":([0-9.]+).*""".r
    for (line <- scala.io.Source.stdin.getLines()) line match {
      case asked(name, text, scale) =>
        val run = work(sc, name, text, scale.toDouble)
        val started = System.nanoTime
        val result = run()
        println(s"""PEER {"seconds":${(System.nanoTime - started) / 1e9},"result":$result}""")
        sc.getPersistentRDDs.values.foreach(_.unpersist())
      case _ =>
    }
    sc.stop()
  }
}
