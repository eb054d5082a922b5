// A running `hub-sim`, with a hand that reaches into its world.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function startSim(...options) {
  const binary = process.env.HUB_SIM_BIN;
  if (!binary) throw new Error("HUB_SIM_BIN must name the hub-sim program");
  const child = spawn(binary, ["--watch-stdin", ...options], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }));
  const { endpoint } = JSON.parse(line);

  const send = async (method, path, body) => {
    const response = await fetch(endpoint + path, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  return {
    hubUrl: endpoint,
    stats: () => send("GET", "/_sim/stats"),
    fault: (fault) => send("POST", "/_sim/faults", fault),
    clearFaults: () => send("DELETE", "/_sim/faults"),
    happen: (space, what, facts = {}) => send("POST", `/_sim/spaces/${space}/${what}`, facts),
    stop: () => new Promise((resolve) => child.once("exit", resolve) && child.stdin.end()),
  };
}

function once(lines) {
  return new Promise((resolve) => lines.once("line", (line) => resolve([line])));
}

export async function all(generator) {
  const items = [];
  for await (const item of generator) items.push(item);
  return items;
}
