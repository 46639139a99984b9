// The windowed word count of `npm run bench:stream:peers` on Spark's own DStreams in Scala, local[2].
import java.nio.file.Files
import java.util.concurrent.LinkedBlockingQueue
import org.apache.spark.{SparkConf, SparkContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel
import org.apache.spark.streaming.{Seconds, StreamingContext}
import org.apache.spark.streaming.dstream.DStream
import org.apache.spark.streaming.scheduler.{BatchInfo, StreamingListener, StreamingListenerBatchCompleted}
import scala.collection.mutable

object ScalaStreams {
  private def counts(lines: DStream[String], window: Int): DStream[(String, Int)] =
    lines.flatMap(_.split(" ")).map(w => (w, 1)).reduceByKeyAndWindow((a: Int, b: Int) => a + b, (a: Int, b: Int) => a - b, Seconds(window), Seconds(1), 2)

  /** Runs so many batches, and answers what each was, and the last count. */
  private def run(sc: SparkContext, batches: Int, window: Int)(source: StreamingContext => DStream[String]): (Seq[BatchInfo], Long) = {
    val ssc = new StreamingContext(sc, Seconds(1))
    ssc.checkpoint(Files.createTempDirectory("dstreams").toString)
    val done = new LinkedBlockingQueue[BatchInfo]()
    var last = 0L
    ssc.addStreamingListener(new StreamingListener {
      override def onBatchCompleted(batch: StreamingListenerBatchCompleted): Unit = done.add(batch.batchInfo)
    })
    counts(source(ssc), window).foreachRDD(rdd => last = rdd.count())
    ssc.start()
    val seen = Seq.fill(batches)(done.take())
    ssc.stop(stopSparkContext = false, stopGracefully = false)
    (seen, last)
  }

  def main(args: Array[String]): Unit = {
    val conf = new SparkConf().setMaster("local[3]").setAppName("peer").set("spark.ui.enabled", "false")
    val sc = new SparkContext(conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1"))
    sc.setLogLevel("OFF")
    println("READY")
    val asked = """.*"work":"([a-z]+)".*"text":"([^"]*)".*"scale":([0-9.]+).*""".r
    for (line <- scala.io.Source.stdin.getLines()) line match {
      case asked("throughput", text, scale) =>
        val lines: RDD[String] = sc.parallelize(sc.textFile(text).take(scale.toDouble.toInt).toSeq, 2).cache()
        lines.count()
        val Array(window, warm, timed) = args.map(_.toInt)
        val (batches, last) = run(sc, warm + timed, window)(_.queueStream(mutable.Queue.fill(warm + timed + 30)(lines)))
        val times = batches.drop(warm).map(_.processingDelay.get).sorted
        println(s"""PEER {"seconds":${times(times.size / 2) / 1000.0},"result":$last}""")
        lines.unpersist()
      case asked("latency", address, seconds) =>
        val Array(host, port) = address.split(":")
        val (batches, last) = run(sc, seconds.toDouble.toInt, args(0).toInt)(_.socketTextStream(host, port.toInt, StorageLevel.MEMORY_ONLY_SER))
        val all = batches.map(batch => s"[${batch.numRecords},${batch.processingEndTime.get}]").mkString(",")
        println(s"""PEER {"seconds":0,"result":$last,"batches":[$all]}""")
      case _ =>
    }
    sc.stop()
  }
}
