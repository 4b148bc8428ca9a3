import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Every method of DatabaseMetaData, as a schema browser calls them: with nothing, with patterns, and with names. */
final class Metadata {
  static void run(Cases.Target target, PrintStream out) throws Exception {
    for (String[] settings : new String[][] {{}, {"preferQueryMode", "simple"}, {"prepareThreshold", "-1", "hideUnprivilegedObjects", "true", "databaseMetadataCacheFields", "0"}}) {
      try (Connection connection = target.open(settings)) {
        DatabaseMetaData metadata = connection.getMetaData();
        List<Method> methods = new ArrayList<>(Arrays.asList(DatabaseMetaData.class.getMethods()));
        methods.removeIf(method -> Modifier.isStatic(method.getModifiers()) || method.getName().matches("getURL|getUserName|getConnection|unwrap|isWrapperFor"));
        methods.sort(Comparator.comparing(Method::toString));
        int called = 0;
        for (Method method : methods) {
          for (String[] names : new String[][] {{null, null, null, null}, {null, "zoo", "animals", "keeper"}, {null, "zoo", "%", "%"}, {null, "public", "customers", "email"}}) {
            call(out, metadata, method, names);
            called++;
            if (method.getParameterCount() == 0) break;
          }
        }
        out.println(called + " calls");
      }
    }
  }

  /** Strings are filled in order with catalogue, schema, relation, column, and the same again for the other side of a foreign key. */
  private static void call(PrintStream out, DatabaseMetaData metadata, Method method, String[] names) throws Exception {
    Class<?>[] types = method.getParameterTypes();
    Object[] arguments = new Object[types.length];
    int strings = 0;
    for (int i = 0; i < types.length; i++) {
      if (types[i] == String.class) arguments[i] = names[strings++ % (types.length >= 6 ? 3 : 4)];
      else if (types[i] == int.class) arguments[i] = method.getName().equals("getBestRowIdentifier") ? DatabaseMetaData.bestRowSession : 4;
      else if (types[i] == boolean.class) arguments[i] = true;
    }
    out.println(method.getName() + Arrays.toString(arguments));
    try {
      Object result = method.invoke(metadata, arguments);
      if (result instanceof ResultSet rows) {
        // Where the driver's query leaves the order open, plans decide.
        Cases.sortedRows(out, rows);
        rows.close();
      } else out.println(result);
    } catch (InvocationTargetException error) {
      if (!(error.getCause() instanceof SQLException sql)) throw error;
      out.println(sql.getSQLState() + " " + sql.getMessage());
    }
  }

  private Metadata() {}
}
