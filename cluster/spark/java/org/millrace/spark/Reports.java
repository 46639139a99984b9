// What tasks report when they end well: records read, and what they added to accumulators of the user. Spark drops those of failed tasks.
package org.millrace.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.util.AccumulatorV2;

final class Reports extends AccumulatorV2<byte[], List<byte[]>> {
  private static final long serialVersionUID = 1;

  private final List<byte[]> reports = new ArrayList<>();
  /** Set in the driver: takes each report as its task ends. */
  private final transient Consumer<byte[]> onReport;

  Reports(Consumer<byte[]> onReport) {
    this.onReport = onReport;
  }

  @Override
  public boolean isZero() {
    return reports.isEmpty();
  }

  @Override
  public AccumulatorV2<byte[], List<byte[]>> copy() {
    Reports copy = new Reports(null);
    copy.reports.addAll(reports);
    return copy;
  }

  @Override
  public void reset() {
    reports.clear();
  }

  @Override
  public void add(byte[] report) {
    reports.add(report);
  }

  @Override
  public void merge(AccumulatorV2<byte[], List<byte[]>> other) {
    if (onReport != null) other.value().forEach(onReport);
    else reports.addAll(other.value());
  }

  @Override
  public List<byte[]> value() {
    return reports;
  }
}
