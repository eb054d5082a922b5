import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, programPath } from "./program";

interface Hello {
  endpoint: string;
  metrics_endpoint: string;
  app_url: string;
  tokens: Record<string, string>;
}

/** A simulated Hub in its own process. */
export class Hub {
  private constructor(
    readonly program: Program,
    readonly hello: Hello,
  ) {}

  static async start(...args: string[]): Promise<Hub> {
    const path = programPath("HUB_SIM_BIN", "hub-sim");
    const program = new Program(path, ["--port", "0", "--watch-stdin", ...args], {});
    const [line] = await program.says(/^\{.*\}$/m);
    return new Hub(program, JSON.parse(line) as Hello);
  }

  /** The token that the world calls by this name, such as `mira/space-manager`. */
  token(name: string): string {
    const token = this.hello.tokens[name];
    if (!token) throw new Error(`the world has no token ${name}`);
    return token;
  }

  async control(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(`${this.hello.endpoint}/_sim${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  stop() {
    return this.program.stop();
  }
}

/** `hfsm serve` in its own process, on a free port, with a data folder of its own. */
export class Server {
  private constructor(
    readonly program: Program,
    readonly address: string,
    /** The link with the one-time code; the address where a password is asked for. */
    readonly link: string,
  ) {}

  static async start(hub: Hub, folder: Folder, env: Record<string, string> = {}): Promise<Server> {
    const path = programPath("HFSM_BIN", "hfsm");
    const program = new Program(path, ["serve", "--print-address"], {
      PATH: process.env.PATH ?? "",
      HOME: folder.path,
      HFSM_DATA_DIR: join(folder.path, "data"),
      HFSM_PORT: "0",
      HF_HOME: join(folder.path, "hf"),
      HF_ENDPOINT: hub.hello.endpoint,
      HFSM_METRICS_ENDPOINT: hub.hello.metrics_endpoint,
      HFSM_APP_URL: hub.hello.app_url,
      ...env,
    });
    const [line] = await program.says(/^\{"address".*\}$/m);
    const said = JSON.parse(line) as { address: string; sign_in: string | null };
    return new Server(program, said.address, said.sign_in ?? said.address);
  }

  stop() {
    return this.program.stop();
  }
}

/** A folder that lives as long as a test. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "hfsm-e2e-"));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
