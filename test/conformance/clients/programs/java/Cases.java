import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * What Java programs do with pgjdbc, told on standard output: one part a case, so that a run through hoop can be held to a direct one.
 * Usage: java Cases HOST PORT USER PASSWORD DATABASE [CASE…]
 */
final class Cases {
  /** One thing that programs do. What it observes goes to `out`. */
  interface Case {
    void run(Target target, PrintStream out) throws Exception;
  }

  /** Where to connect to. */
  record Target(String host, int port, String user, String password, String database) {
    String url() {
      return "jdbc:postgresql://" + host + ":" + port + "/" + database;
    }

    /** Opens a connection; `settings` are the driver's own, name before value. */
    Connection open(String... settings) throws SQLException {
      Properties properties = new Properties();
      properties.setProperty("user", user);
      properties.setProperty("password", password);
      for (int i = 0; i < settings.length; i += 2) properties.setProperty(settings[i], settings[i + 1]);
      return DriverManager.getConnection(url(), properties);
    }
  }

  private static final int SECONDS_PER_CASE = 60;

  public static void main(String[] arguments) throws Exception {
    Target target = new Target(arguments[0], Integer.parseInt(arguments[1]), arguments[2], arguments[3], arguments[4]);
    Map<String, Case> cases = new LinkedHashMap<>();
    QueryCases.addTo(cases);
    BulkCases.addTo(cases);
    SessionCases.addTo(cases);
    cases.put("metadata", Metadata::run);
    List<String> wanted = new ArrayList<>(Arrays.asList(arguments).subList(5, arguments.length));
    if (!wanted.isEmpty()) cases.keySet().retainAll(wanted);
    ExecutorService threads = Executors.newCachedThreadPool(task -> {
      Thread thread = new Thread(task);
      thread.setDaemon(true);
      return thread;
    });
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (Map.Entry<String, Case> each : cases.entrySet()) {
      out.println("## " + each.getKey());
      ByteArrayOutputStream told = new ByteArrayOutputStream();
      PrintStream teller = new PrintStream(told, true, StandardCharsets.UTF_8);
      Future<?> run = threads.submit(() -> {
        each.getValue().run(target, teller);
        return null;
      });
      try {
        run.get(SECONDS_PER_CASE, TimeUnit.SECONDS);
      } catch (ExecutionException error) {
        teller.println("FAILED " + words(error.getCause()));
      } catch (java.util.concurrent.TimeoutException error) {
        teller.println("FAILED no end within " + SECONDS_PER_CASE + " s");
      }
      out.print(told.toString(StandardCharsets.UTF_8));
    }
  }

  /** An error as a program sees it; its place in the driver's code goes to standard error. */
  static String words(Throwable error) {
    error.printStackTrace();
    if (error instanceof SQLException sql) return error.getClass().getSimpleName() + " " + sql.getSQLState() + " " + sql.getMessage();
    return error.toString();
  }

  interface Work {
    void run() throws Exception;
  }

  /** Tells the SQLSTATE that a piece of work ends with. */
  static void expectError(PrintStream out, Work work) throws Exception {
    try {
      work.run();
      out.println("no error");
    } catch (SQLException error) {
      out.println(error.getClass().getSimpleName() + " " + error.getSQLState());
    }
  }

  static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String each : statements) statement.execute(each);
    }
  }

  /** Tells all rows of a query, values as text between bars. */
  static void rows(PrintStream out, Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
      rows(out, rows);
    }
  }

  static void rows(PrintStream out, ResultSet rows) throws SQLException {
    for (String row : lines(rows)) out.println(row);
  }

  static void sortedRows(PrintStream out, ResultSet rows) throws SQLException {
    for (String row : lines(rows).stream().sorted().toList()) out.println(row);
  }

  private static List<String> lines(ResultSet rows) throws SQLException {
    List<String> lines = new ArrayList<>();
    int columns = rows.getMetaData().getColumnCount();
    while (rows.next()) {
      List<String> values = new ArrayList<>();
      for (int column = 1; column <= columns; column++) values.add(rows.getString(column));
      lines.add(String.join("|", values.stream().map(value -> value == null ? "∅" : value).toList()));
    }
    return lines;
  }

  private Cases() {}
}
