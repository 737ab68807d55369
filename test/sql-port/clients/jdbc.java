import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;

/** What the JDBC driver does with the port; each part prints one line. Arguments: URL of `shop`, URL of `dev`, password. */
public class Jdbc {
  interface Part { void run() throws Exception; }
  static String shop, dev, password;

  static void part(String name, Part part) {
    try {
      part.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      System.out.println("FAILED " + name + ": " + error + " at " + Arrays.stream(error.getStackTrace())
          .filter(one -> one.getClassName().startsWith("Jdbc")).findFirst().orElse(null));
    }
  }
  static void equal(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) throw new AssertionError("got " + actual + ", expected " + expected);
  }
  static Connection connect(String url, String user, String... more) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    return DriverManager.getConnection(url, properties);
  }
  static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      if (!rows.next()) throw new AssertionError("no row");
      return rows.getObject(1);
    }
  }
  static String state(Part part) throws Exception {
    try { part.run(); } catch (SQLException error) { return error.getSQLState(); }
    return "no error";
  }

  /** Seven times, so that the driver goes over to a named statement and binary results. */
  static void prepared() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      PreparedStatement statement = connection.prepareStatement("SELECT id, amount, placed_at FROM orders WHERE id = ?");
      for (int i = 0; i < 7; i++) {
        statement.setLong(1, i * 100);
        try (ResultSet rows = statement.executeQuery()) {
          equal(rows.next(), true);
          equal(rows.getLong(1), i * 100L);
          equal(rows.getBigDecimal(2), BigDecimal.valueOf(i * 100 / 4.0).setScale(2));
          equal(rows.getObject(3, OffsetDateTime.class).toInstant(), Instant.parse("2024-01-02T03:04:05.678Z").plusSeconds(i * 100));
        }
      }
      equal(((PGStatement) statement).isUseServerPrepare(), true);
    }
  }

  static final String everyType = "SELECT true, 7::smallint, 8::integer, 9::bigint, 1.5::real, 2.25::double, 123456789.123456::decimal(18,6), "
      + "'text'::varchar, '\\x00ff'::bytea, DATE '2024-02-29', TIME '13:14:15.123456', TIMESTAMP '2024-02-29 13:14:15.123456', "
      + "TIMESTAMPTZ '2024-02-29 13:14:15.123456+00', '6a6f6e61-7468-616e-2077-617320686572'::uuid, INTERVAL '1 year 2 months 3 days 04:05:06', "
      + "[1, NULL, 3]::integer[], ['a', 'b,c', NULL]::varchar[], [1.5, 2.5]::double[], '{\"a\": [1, 2]}'::json, "
      + "[1::bigint], [true, false], [1::smallint], [1.5::real], NULL::integer";

  static void types(String... properties) throws Exception {
    try (Connection connection = connect(shop, "analyst", properties)) {
      PreparedStatement statement = connection.prepareStatement(everyType.replace("'\\x00ff'::bytea", "'\\x00\\xff'::blob"));
      for (int i = 0; i < 7; i++) {
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          equal(row.getBoolean(1), true);
          equal(row.getShort(2), (short) 7);
          equal(row.getInt(3), 8);
          equal(row.getLong(4), 9L);
          equal(row.getFloat(5), 1.5f);
          equal(row.getDouble(6), 2.25);
          equal(row.getBigDecimal(7), new BigDecimal("123456789.123456"));
          equal(row.getString(8), "text");
          equal(Arrays.toString(row.getBytes(9)), "[0, -1]");
          equal(row.getObject(10, LocalDate.class), LocalDate.of(2024, 2, 29));
          equal(row.getObject(11, LocalTime.class), LocalTime.of(13, 14, 15, 123456000));
          equal(row.getObject(12, LocalDateTime.class), LocalDateTime.of(2024, 2, 29, 13, 14, 15, 123456000));
          equal(row.getObject(13, OffsetDateTime.class).toInstant(), Instant.parse("2024-02-29T13:14:15.123456Z"));
          equal(row.getObject(14), UUID.fromString("6a6f6e61-7468-616e-2077-617320686572"));
          equal(row.getObject(15).toString(), "1 years 2 mons 3 days 4 hours 5 mins 6.0 secs");
          equal(Arrays.toString((Object[]) row.getArray(16).getArray()), "[1, null, 3]");
          equal(Arrays.toString((Object[]) row.getArray(17).getArray()), "[a, b,c, null]");
          equal(Arrays.toString((Object[]) row.getArray(18).getArray()), "[1.5, 2.5]");
          equal(row.getString(19), "{\"a\": [1, 2]}");
          equal(Arrays.toString((Object[]) row.getArray(20).getArray()), "[1]");
          equal(Arrays.toString((Object[]) row.getArray(21).getArray()), "[true, false]");
          equal(Arrays.toString((Object[]) row.getArray(22).getArray()), "[1]");
          equal(Arrays.toString((Object[]) row.getArray(23).getArray()), "[1.5]");
          equal(row.getObject(24), null);
        }
      }
    }
  }

  static void parameters() throws Exception {
    try (Connection connection = connect(dev, "admin")) {
      Statement plain = connection.createStatement();
      plain.execute("CREATE TABLE jdbc_values (b boolean, s smallint, i integer, l bigint, f real, d double precision, n decimal(18,6),"
          + " t varchar, y bytea, da date, ti time, ts timestamp, tz timestamptz, u uuid, a integer[], x varchar[])");
      PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_values VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
      OffsetDateTime moment = OffsetDateTime.parse("2024-02-29T13:14:15.123456+02:00");
      for (int i = 0; i < 7; i++) {
        insert.setBoolean(1, true);
        insert.setShort(2, (short) i);
        insert.setInt(3, i);
        insert.setLong(4, Long.MIN_VALUE + i);
        insert.setFloat(5, 1.5f);
        insert.setDouble(6, Math.PI);
        insert.setBigDecimal(7, new BigDecimal("-12.345678"));
        insert.setString(8, "Ünï'cödé \\ \u4e16");
        insert.setBytes(9, new byte[] {0, -1, 39, 92});
        insert.setObject(10, LocalDate.of(1999, 12, 31));
        insert.setObject(11, LocalTime.of(1, 2, 3, 4000));
        insert.setTimestamp(12, Timestamp.valueOf("2024-02-29 13:14:15.123456"));
        insert.setObject(13, moment);
        insert.setObject(14, UUID.fromString("6a6f6e61-7468-616e-2077-617320686572"));
        insert.setArray(15, connection.createArrayOf("int4", new Integer[] {1, null, i}));
        insert.setArray(16, connection.createArrayOf("varchar", new String[] {"a,b", null, "\"q\""}));
        equal(insert.executeUpdate(), 1);
      }
      insert.setNull(1, Types.BOOLEAN);
      for (int i = 0; i < 3; i++) { insert.setInt(3, 100 + i); insert.addBatch(); }
      equal(Arrays.toString(insert.executeBatch()), "[1, 1, 1]");
      PreparedStatement select = connection.prepareStatement("SELECT * FROM jdbc_values WHERE i = ? AND u = ? AND da = ? AND n = ?");
      select.setInt(1, 6);
      select.setObject(2, UUID.fromString("6a6f6e61-7468-616e-2077-617320686572"));
      select.setObject(3, LocalDate.of(1999, 12, 31));
      select.setBigDecimal(4, new BigDecimal("-12.345678"));
      try (ResultSet row = select.executeQuery()) {
        equal(row.next(), true);
        equal(row.getLong("l"), Long.MIN_VALUE + 6);
        equal(row.getDouble("d"), Math.PI);
        equal(row.getString("t"), "Ünï'cödé \\ \u4e16");
        equal(Arrays.toString(row.getBytes("y")), "[0, -1, 39, 92]");
        equal(row.getObject("ti", LocalTime.class), LocalTime.of(1, 2, 3, 4000));
        equal(row.getTimestamp("ts"), Timestamp.valueOf("2024-02-29 13:14:15.123456"));
        equal(row.getObject("tz", OffsetDateTime.class).toInstant(), moment.toInstant());
        equal(Arrays.toString((Object[]) row.getArray("a").getArray()), "[1, null, 6]");
        equal(Arrays.toString((Object[]) row.getArray("x").getArray()), "[a,b, null, \"q\"]");
      }
      PreparedStatement any = connection.prepareStatement("SELECT count(*) FROM jdbc_values WHERE i = ANY (?)");
      for (int i = 0; i < 7; i++) {
        any.setArray(1, connection.createArrayOf("int4", new Integer[] {1, 2, 101}));
        try (ResultSet row = any.executeQuery()) { row.next(); equal(row.getLong(1), 3L); }
      }
      plain.execute("DROP TABLE jdbc_values");
    }
  }

  static void portals() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      connection.setAutoCommit(false);
      Statement statement = connection.createStatement();
      statement.setFetchSize(1000);
      long sum = 0;
      try (ResultSet rows = statement.executeQuery("SELECT i FROM range(100000) numbers(i)")) {
        while (rows.next()) sum += rows.getLong(1);
      }
      equal(sum, 4999950000L);
      Statement first = connection.createStatement(), second = connection.createStatement();
      first.setFetchSize(10);
      second.setFetchSize(10);
      ResultSet a = first.executeQuery("SELECT i FROM range(5000) numbers(i)"), b = second.executeQuery("SELECT -i FROM range(5000) numbers(i)");
      for (int i = 0; i < 5000; i++) {
        a.next();
        b.next();
        equal(a.getLong(1), (long) i);
        equal(b.getLong(1), (long) -i);
      }
      equal(a.next(), false);
      connection.commit();
      statement.setMaxRows(5);
      try (ResultSet rows = statement.executeQuery("SELECT id FROM orders")) {
        int count = 0;
        while (rows.next()) count++;
        equal(count, 5);
      }
    }
  }

  static void savepoints() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      connection.setAutoCommit(false);
      equal(one(connection, "SELECT count(*) FROM orders"), 1000L);
      Savepoint named = connection.setSavepoint("s p"), unnamed = connection.setSavepoint();
      equal(state(() -> one(connection, "SELECT nope FROM orders")), "42703");
      equal(state(() -> one(connection, "SELECT 1")), "25P02");
      connection.rollback(unnamed);
      equal(one(connection, "SELECT 1"), 1);
      equal(state(() -> one(connection, "SELECT error('at run time')")), "22023");
      connection.rollback(named);
      equal(one(connection, "SELECT count(*) FROM orders"), 1000L);
      connection.releaseSavepoint(named);
      equal(state(() -> connection.rollback(named)), "3B000");
      connection.rollback();
    }
    // What the driver itself does around each statement.
    try (Connection connection = connect(shop, "analyst", "autosave", "always")) {
      connection.setAutoCommit(false);
      equal(one(connection, "SELECT 1"), 1);
      equal(state(() -> one(connection, "SELECT nope")), "42703");
      equal(one(connection, "SELECT 2"), 2);
      connection.commit();
    }
    try (Connection connection = connect(dev, "admin")) {
      Statement statement = connection.createStatement();
      statement.execute("CREATE TABLE jdbc_saved (a integer PRIMARY KEY)");
      connection.setAutoCommit(false);
      statement.execute("INSERT INTO jdbc_saved VALUES (1)");
      Savepoint savepoint = connection.setSavepoint();
      equal(state(() -> statement.execute("INSERT INTO nowhere VALUES (1)")), "42P01");
      connection.rollback(savepoint);
      statement.execute("INSERT INTO jdbc_saved VALUES (2)");
      equal(state(() -> connection.rollback(savepoint)), "0A000");
      connection.rollback();
      connection.setAutoCommit(true);
      equal(one(connection, "SELECT count(*) FROM jdbc_saved"), 0L);
      statement.execute("DROP TABLE jdbc_saved");
    }
  }

  static void copies() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      org.postgresql.copy.CopyManager copier = ((PGConnection) connection).getCopyAPI();
      StringWriter csv = new StringWriter();
      equal(copier.copyOut("COPY (SELECT id, amount FROM orders WHERE id < 3 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)", csv), 3L);
      equal(csv.toString(), "id,amount\n0,0.00\n1,0.25\n2,0.50\n");
      java.io.ByteArrayOutputStream binary = new java.io.ByteArrayOutputStream();
      equal(copier.copyOut("COPY orders (id) TO STDOUT (FORMAT binary)", binary), 1000L);
      equal(binary.size(), 19 + 1000 * (2 + 4 + 8) + 2);
      equal(state(() -> copier.copyOut("COPY nowhere TO STDOUT", new StringWriter())), "42P01");
      equal(one(connection, "SELECT 1"), 1);
    }
  }

  static void zones() throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
    try (Connection connection = connect(shop, "analyst")) {
      equal(one(connection, "SHOW TimeZone"), "America/New_York");
      equal(one(connection, "SELECT TIMESTAMPTZ '2024-07-01 12:00:00+00'::varchar"), "2024-07-01 08:00:00-04");
      try (ResultSet row = connection.createStatement().executeQuery("SELECT TIMESTAMPTZ '2024-07-01 12:00:00+00'")) {
        row.next();
        equal(row.getString(1), "2024-07-01 08:00:00-04");
        equal(row.getTimestamp(1).toInstant(), Instant.parse("2024-07-01T12:00:00Z"));
      }
    } finally {
      TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    }
  }

  static void errors() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      try {
        one(connection, "SELECT id, nope FROM orders");
      } catch (org.postgresql.util.PSQLException error) {
        equal(error.getSQLState(), "42703");
        equal(error.getServerErrorMessage().getPosition(), 12);
      }
      Statement statement = connection.createStatement();
      statement.setQueryTimeout(1);
      equal(state(() -> statement.executeQuery("SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5")), "57014");
      equal(one(connection, "SELECT 1"), 1);
      equal(state(() -> connect(shop, "analyst", "password", "wrong")), "28P01");
      equal(state(() -> statement.execute("DELETE FROM orders")), "25006");
    }
  }

  static void metadata() throws Exception {
    try (Connection connection = connect(shop, "analyst")) {
      DatabaseMetaData meta = connection.getMetaData();
      equal(connection.isValid(5), true);
      equal(names(meta.getSchemas(), "TABLE_SCHEM").contains("public"), true);
      equal(names(meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME").toString(), "[Größe \"x\", big_orders, orders]");
      equal(names(meta.getColumns(null, "public", "orders", "%"), "COLUMN_NAME").toString(), "[amount, customer_id, id, placed_at]");
      try (ResultSet column = meta.getColumns(null, "public", "orders", "amount")) {
        column.next();
        equal(column.getInt("DATA_TYPE"), Types.NUMERIC);
        equal(column.getInt("COLUMN_SIZE"), 12);
        equal(column.getInt("DECIMAL_DIGITS"), 2);
      }
      names(meta.getImportedKeys(null, "public", "orders"), "FKTABLE_NAME");
      names(meta.getExportedKeys(null, "public", "orders"), "FKTABLE_NAME");
      names(meta.getIndexInfo(null, "public", "orders", false, true), "INDEX_NAME");
      names(meta.getTypeInfo(), "TYPE_NAME");
      names(meta.getTablePrivileges(null, "public", "orders"), "PRIVILEGE");
      names(meta.getColumnPrivileges(null, "public", "orders", "%"), "PRIVILEGE");
      names(meta.getProcedures(null, "public", "%"), "PROCEDURE_NAME");
      names(meta.getFunctions(null, "public", "%"), "FUNCTION_NAME");
      names(meta.getCatalogs(), "TABLE_CAT");
      names(meta.getUDTs(null, null, "%", null), "TYPE_NAME");
      names(meta.getBestRowIdentifier(null, "public", "orders", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME");
      names(meta.getVersionColumns(null, "public", "orders"), "COLUMN_NAME");
      names(meta.getClientInfoProperties(), "NAME");
      ResultSetMetaData row = connection.prepareStatement("SELECT id, amount FROM orders").getMetaData();
      equal(row.getColumnTypeName(2), "numeric");
      equal(row.getPrecision(2), 12);
      // Looks the table's columns up in the catalogs.
      equal(row.isNullable(1) >= 0, true);
    }
    try (Connection connection = connect(shop.replace("/shop", "/crm"), "analyst")) {
      equal(names(connection.getMetaData().getPrimaryKeys(null, "public", "customers"), "COLUMN_NAME").toString(), "[id]");
    }
  }
  static TreeSet<String> names(ResultSet rows, String column) throws SQLException {
    TreeSet<String> found = new TreeSet<>();
    while (rows.next()) found.add(rows.getString(column));
    return found;
  }

  static void tls() throws Exception {
    try (Connection connection = connect(shop, "analyst", "sslmode", "require")) {
      equal(one(connection, "SELECT 42"), 42);
    }
  }

  public static void main(String[] arguments) {
    shop = arguments[0];
    dev = arguments[1];
    password = arguments[2];
    part("prepared statements", Jdbc::prepared);
    part("every type", Jdbc::types);
    part("every type, binary from the first row on", () -> types("prepareThreshold", "-1"));
    part("every type by simple queries", () -> types("preferQueryMode", "simple"));
    part("parameters of every type, batches", Jdbc::parameters);
    part("fetch size, portals side by side", Jdbc::portals);
    part("savepoints", Jdbc::savepoints);
    part("COPY TO STDOUT", Jdbc::copies);
    part("time zone of the machine", Jdbc::zones);
    part("errors, query timeout", Jdbc::errors);
    part("metadata", Jdbc::metadata);
    part("TLS", Jdbc::tls);
  }
}
