import org.flywaydb.core.Flyway;

/** Usage: Check JDBC-URL FOLDER; validates what is applied already, migrates the rest, validates again, and says how many it applied. */
public class Check {
  public static void main(String[] arguments) {
    Flyway flyway = Flyway.configure().dataSource(arguments[0], "onegate", "").locations("filesystem:" + arguments[1]).ignoreMigrationPatterns("*:pending").load();
    flyway.validate();
    int applied = flyway.migrate().migrationsExecuted;
    flyway.validate();
    System.out.println(applied);
  }
}
