// Scala's immutable lists, made in a way that all versions of Scala know.
package org.millrace.spark;

import scala.collection.immutable.List;
import scala.collection.immutable.List$;

final class Lists {
  private Lists() {}

  static <T> List<T> of(T[] items) {
    List<T> list = List$.MODULE$.<T>empty();
    for (int i = items.length - 1; i >= 0; i--) list = list.$colon$colon(items[i]);
    return list;
  }

  static List<Object> of(int[] items) {
    Object[] boxed = new Object[items.length];
    for (int i = 0; i < items.length; i++) boxed[i] = items[i];
    return of(boxed);
  }
}
