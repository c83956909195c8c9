import org.flywaydb.core.Flyway;

/**
 * Usage: Check JDBC-URL FOLDER. Validates the applied scripts, applies the rest, validates again, and
 * prints how many it applied.
 */
public class Check {
  public static void main(String[] arguments) {
    Flyway flyway =
        Flyway.configure()
            .dataSource(arguments[0], "onegate", "")
            .locations("filesystem:" + arguments[1])
            .ignoreMigrationPatterns("*:pending")
            .load();
    flyway.validate();
    int applied = flyway.migrate().migrationsExecuted;
    flyway.validate();
    System.out.println(applied);
  }
}
