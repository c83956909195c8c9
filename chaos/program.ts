import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../server/main.ts", import.meta.url));
const READY_MS = 60_000;

/**
 * The real program as a child process, on an embedded PostgreSQL below a folder, always at the same address.
 */
export class Program {
  readonly url: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #data: string;
  #child: ChildProcess | undefined;
  #prover: ChildProcess | undefined;
  #stopping: Promise<void> | undefined;
  #output = "";

  private constructor(data: string, port: number) {
    this.#data = data;
    this.url = `http://127.0.0.1:${port}`;
    // no provider is needed here
    this.#environment = {
      ...process.env,
      ONEGATE_DATA: data,
      PORT: String(port),
      ONEGATE_SIMULATOR: "off",
      TRIPAY_URL: "http://127.0.0.1:9",
      LOG_LEVEL: "fatal",
      DATABASE_URL: "",
    };
  }

  static async make(data: string): Promise<Program> {
    return new Program(data, await freePort());
  }

  /** Starts the process; resolves when it is ready. */
  async begin(): Promise<void> {
    // nothing would end a process started after the stop
    if (this.#stopping) throw new Error("the program was stopped");
    const child = spawn(process.execPath, [MAIN, "serve"], {
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    let isReady = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
        if (text.includes("Onegate is ready")) isReady = true;
      });
    }
    const deadline = performance.now() + READY_MS;
    while (!isReady) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline)
        throw new Error(`the program did not start:\n${this.#output}`);
      await sleep(20);
    }
  }

  /** Kills the program's process, like a crash. */
  async killServer(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Kills the postmaster, like a crash; returns its process id. */
  killPostmaster(): number {
    const pid = this.postmaster();
    if (pid === undefined) throw new Error("there is no PostgreSQL to kill");
    kill(pid, "SIGKILL");
    return pid;
  }

  /** The process id of the postmaster that serves the folder; undefined when none does. */
  postmaster(): number | undefined {
    const file = join(this.#data, "postgres", "postmaster.pid");
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : 0;
    return pid > 0 && isAlive(pid) ? pid : undefined;
  }

  /** Runs the program's `proof` command and returns its last line. */
  async proof(): Promise<string> {
    const child = spawn(process.execPath, [MAIN, "proof", "--json"], {
      env: this.#environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#prover = child;
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await new Promise((resolve) => child.once("close", resolve));
    return output.trim().split("\n").at(-1) ?? "";
  }

  /** Ends everything started here, PostgreSQL included. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#end());
  }

  async #end(): Promise<void> {
    const prover = this.#prover;
    if (prover && prover.exitCode === null && prover.signalCode === null) {
      const ended = new Promise((resolve) => prover.once("exit", resolve));
      prover.kill("SIGTERM");
      await ended;
    }
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await Promise.race([ended, sleep(20_000)]);
    }
    await this.killServer();
    const orphan = this.postmaster();
    if (orphan === undefined) return;
    kill(orphan, "SIGINT");
    for (let tries = 0; isAlive(orphan) && tries < 500; tries++) await sleep(20);
    if (isAlive(orphan)) kill(orphan, "SIGKILL");
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

/** Whether a process runs; a zombie, whose parent has not reaped it yet, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
