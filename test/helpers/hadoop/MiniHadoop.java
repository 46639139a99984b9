// HDFS on loopback, and YARN where it is asked for: prints where they are, and ends with its standard input.
import java.io.File;
import java.io.FileOutputStream;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

public class MiniHadoop {
  public static void main(String[] args) throws Exception {
    File folder = new File(args[0]);
    boolean hasYarn = args.length > 1 && args[1].equals("yarn");
    System.setProperty("test.build.data", new File(folder, "build").getPath());
    Configuration conf = new Configuration();
    conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, new File(folder, "dfs").getPath());
    conf.setLong("dfs.blocksize", 1 << 20);
    conf.setLong("dfs.namenode.fs-limits.min-block-size", 1 << 20);
    MiniDFSCluster files = new MiniDFSCluster.Builder(conf).numDataNodes(2).build();
    files.waitActive();
    FileSystem root = files.getFileSystem();
    root.mkdirs(new Path("/open"));
    root.setPermission(new Path("/open"), new FsPermission((short) 0777));
    root.mkdirs(new Path("/closed"));
    root.setPermission(new Path("/closed"), new FsPermission((short) 0700));
    root.mkdirs(new Path("/full"));
    root.setPermission(new Path("/full"), new FsPermission((short) 0777));
    files.getFileSystem().setQuota(new Path("/full"), HdfsConstants.QUOTA_DONT_SET, 1);
    for (String shared : new String[] {"/tmp", "/user"}) {
      root.mkdirs(new Path(shared));
      root.setPermission(new Path(shared), new FsPermission((short) 0777));
    }
    Configuration core = new Configuration(false);
    core.set("fs.defaultFS", files.getURI().toString());
    core.set("dfs.replication", "1");
    write(core, new File(folder, "core-site.xml"));
    MiniYARNCluster yarn = hasYarn ? startYarn(folder) : null;
    System.out.println("READY " + files.getURI() + " " + files.getHttpUri(0));
    System.out.flush();
    while (System.in.read() >= 0) {}
    if (yarn != null) yarn.stop();
    files.shutdown(true);
    System.exit(0);
  }

  private static MiniYARNCluster startYarn(File folder) throws Exception {
    YarnConfiguration conf = new YarnConfiguration();
    conf.set("yarn.resourcemanager.hostname", "localhost");
    conf.setInt("yarn.scheduler.minimum-allocation-mb", 64);
    conf.setInt("yarn.nodemanager.resource.memory-mb", 4096);
    conf.setInt("yarn.nodemanager.resource.cpu-vcores", 4);
    conf.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
    conf.setBoolean("yarn.nodemanager.pmem-check-enabled", false);
    conf.setBoolean("yarn.nodemanager.disk-health-checker.enable", false);
    conf.set("yarn.resourcemanager.scheduler.class", "org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity.CapacityScheduler");
    conf.set("yarn.scheduler.capacity.root.queues", "default");
    conf.set("yarn.scheduler.capacity.root.default.capacity", "100");
    conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "0.9");
    MiniYARNCluster yarn = new MiniYARNCluster("yarn", 1, 1, 1);
    yarn.init(conf);
    yarn.start();
    yarn.waitForNodeManagersToConnect(60000);
    Configuration site = new Configuration(false);
    for (String name : new String[] {"address", "scheduler.address", "resource-tracker.address", "admin.address", "webapp.address"})
      site.set("yarn.resourcemanager." + name, yarn.getConfig().get("yarn.resourcemanager." + name));
    // Containers find what they need on the classpath that Spark gives them.
    site.set("yarn.application.classpath", "");
    write(site, new File(folder, "yarn-site.xml"));
    return yarn;
  }

  private static void write(Configuration conf, File file) throws Exception {
    try (OutputStream out = new FileOutputStream(file)) {
      conf.writeXml(out);
    }
  }
}
