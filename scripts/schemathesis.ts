/**
 * Runs Schemathesis, an independent client that generates requests from the OpenAPI reference, against a new
 * sandbox: `npm run schemathesis -- --examples 20 --seed 7 --seconds 600` (the limits apply to each of three
 * callers). If it is missing, Python's pip installs it for the run. The exit code is 1 on any 5xx and on any
 * status, content type or schema that the reference does not have.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTestProgram, type TestProgram } from "../server/testing/program.ts";

const VERSION = "schemathesis>=4,<5";
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "response_headers_conformance",
  "unsupported_method",
];
/** Streams never end, and the other two routes would end the session that the run needs. */
const EXCLUDED = "/events$|^/api/v1/till/lock$|^/api/v1/till/pin$";

const { values } = parseArgs({
  options: {
    examples: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "600" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "onegate-schemathesis-"));
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const command = findSchemathesis();
  if (typeof command !== "string") {
    process.stderr.write(`schemathesis did not run: ${command.missing}\n`);
    return 2;
  }
  const program = await openTestProgram({ environment: { LOG_LEVEL: "error" }, logTo: process.stderr });
  let failed = 0;
  try {
    for (const [who, headers] of Object.entries(await credentials(program))) {
      process.stdout.write(`\n${who}\n`);
      if ((await run(command, await reference(program, who), program.url, headers)) !== 0) failed += 1;
    }
    await program.assertBooksHold();
  } finally {
    await program.close();
  }
  process.stdout.write(
    failed === 0
      ? "\nThe API conforms to its reference, and the books hold.\n"
      : `\n${failed} of the runs found problems.\n`,
  );
  return failed === 0 ? 0 : 1;
}

/** The command of Schemathesis, from the PATH or installed into a virtual environment. */
function findSchemathesis(): string | { readonly missing: string } {
  if (spawnSync("schemathesis", ["--version"], { stdio: "ignore" }).status === 0) return "schemathesis";
  const python = ["python3", "python"].find(
    (name) =>
      spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], { stdio: "ignore" })
        .status === 0,
  );
  if (!python) return { missing: "it needs Python 3.10 or newer." };
  const environment = join(folder, "python");
  if (spawnSync(python, ["-m", "venv", environment], { stdio: "ignore" }).status !== 0)
    return { missing: `${python} -m venv does not work here (Debian: apt-get install python3-venv).` };
  const installed = spawnSync(join(environment, "bin", "pip"), ["install", "--quiet", VERSION], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const command = join(environment, "bin", "schemathesis");
  return installed.status === 0 && existsSync(command)
    ? command
    : { missing: `pip could not install ${VERSION}.` };
}

/**
 * Headers of three callers who together may use every route: anonymous, the owner at a till, and a wallet
 * user.
 */
async function credentials(program: TestProgram): Promise<Record<string, Record<string, string>>> {
  const device = await program.enrol();
  const shop = await program.call<{ staff: Array<{ id: string; role: string }> }>("GET", "/api/v1/till/shop");
  const owner = await program.call<{ token: string }>("POST", "/api/v1/till/unlock", {
    body: { staff_id: shop.body.staff.find(({ role }) => role === "owner")?.id, pin: "333333" },
    headers: { "onegate-device": device },
  });
  const name = { username: "schemathesis", password: "jendela kayu tua 17", email: "uji@contoh.invalid" };
  await program.call("POST", "/api/auth/register", {
    body: { ...name, phone: "+628111222333", full_name: "Uji" },
  });
  const user = await program.call<{ access_token: string }>("POST", "/api/auth/login", {
    body: { username: name.username, password: name.password },
  });
  return {
    "without credentials": {},
    "as the owner": { authorization: `Bearer ${owner.body.token}`, "onegate-device": device },
    "as a user": { authorization: `Bearer ${user.body.access_token}` },
  };
}

/**
 * Writes the reference to a file without the authentication headers, because Schemathesis would replace the
 * real ones by made-up values.
 */
async function reference(program: TestProgram, who: string): Promise<string> {
  const { body } = await program.call<{
    paths: Record<string, Record<string, { security?: unknown; parameters?: Array<{ name: string }> }>>;
  }>("GET", "/openapi.json");
  for (const operation of Object.values(body.paths).flatMap((methods) => Object.values(methods))) {
    delete operation.security;
    if (operation.parameters)
      operation.parameters = operation.parameters.filter(({ name }) => name !== "Onegate-Device");
  }
  const file = join(folder, `${who.replaceAll(" ", "-")}.json`);
  writeFileSync(file, JSON.stringify(body));
  return file;
}

function run(command: string, file: string, url: string, headers: Record<string, string>): Promise<number> {
  const child = spawn(
    command,
    [
      "run",
      file,
      "--url",
      url,
      "--checks",
      CHECKS.join(","),
      "--exclude-path-regex",
      EXCLUDED,
      "--phases",
      "examples,coverage,fuzzing",
      "--continue-on-failure",
      "--suppress-health-check",
      "all",
      "--request-timeout",
      "40",
      "--max-time",
      values.seconds,
      "--max-examples",
      values.examples,
      "--seed",
      values.seed,
      "--no-color",
      ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ],
    { cwd: folder, stdio: ["ignore", "inherit", "inherit"] },
  );
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}
