import type { Page } from "@playwright/test";
import type { DesktopInfo, RemoteState, TokenStore, Update } from "../../src/lib/platform/native";

/** What the stand-in of the desktop program answers; a test changes what it is about. */
export interface FakeDesktop {
  info: DesktopInfo;
  tokens: TokenStore;
  remote: RemoteState;
  update: Update | null;
  /** Commands that are refused, with the reason. */
  refuse: Record<string, string>;
}

interface Call {
  command: string;
  args: Record<string, unknown>;
}

declare global {
  interface Window {
    fakeDesktop: FakeDesktop & { calls: Call[]; emit(event: string, payload: unknown): void };
  }
}

const USUAL: FakeDesktop = {
  info: {
    version: "0.1.0",
    data_dir: "/home/mira/.local/share/hf-space-manager",
    demo: false,
    tray: { shown: true, trouble: null },
    close_keeps_running: true,
    close_was_told: true,
    autostart: false,
    shortcut: null,
    shortcut_trouble: null,
    updates: { configured: true },
  },
  tokens: {
    kind: "keychain",
    keychain: { usable: true, trouble: null },
    file: "/home/mira/.local/share/hf-space-manager/tokens.enc",
  },
  remote: {
    settings: { on: false, reach: "this_computer", port: 8764, user: "mira" },
    has_password: false,
    listening: false,
    urls: [],
    trouble: null,
  },
  update: null,
  refuse: {},
};

/**
 * Makes the page believe that it stands in the desktop window.
 *
 * The API is carried to the server that serves the page; the commands are answered by a stand-in.
 * The real window has tests of its own: these are for what the page makes of its answers.
 */
export async function asDesktop(page: Page, change: Partial<FakeDesktop> = {}): Promise<void> {
  await page.addInitScript(install, { ...structuredClone(USUAL), ...change });
}

/** The commands that the page has run, without the API's. */
export const callsOf = (page: Page, command: string): Promise<Call["args"][]> =>
  page.evaluate(
    (name) => window.fakeDesktop.calls.filter((it) => it.command === name).map(({ args }) => args),
    command,
  );

export const usual = (): FakeDesktop => structuredClone(USUAL);

/** Runs in the page, before anything of it. */
function install(answers: FakeDesktop): void {
  // A page that begins anew finds what it left: the program goes on while its window reloads.
  const kept = sessionStorage.getItem("fake-desktop");
  const fake: Window["fakeDesktop"] = {
    ...(kept ? (JSON.parse(kept) as FakeDesktop) : answers),
    calls: [],
    emit: (event, payload) => {
      for (const id of listeners.get(event) ?? []) callbacks.get(id)?.({ event, id, payload });
    },
  };
  const callbacks = new Map<number, (data: unknown) => void>();
  const listeners = new Map<string, number[]>();
  const aborts = new Map<number, AbortController>();
  let next = 1;

  type Args = Record<string, never>;
  const commands: Record<string, (args: Args) => unknown> = {
    desktop_state: () => fake.info,
    set_close_keeps_running: ({ on }) => (fake.info = { ...fake.info, close_keeps_running: on }),
    set_autostart: ({ on }) => (fake.info = { ...fake.info, autostart: on }),
    set_shortcut: ({ keys }) => (fake.info = { ...fake.info, shortcut: keys }),
    token_store: () => fake.tokens,
    move_tokens: ({ to }) => (fake.tokens = { ...fake.tokens, kind: to }),
    remote_access: () => fake.remote,
    set_remote_access: ({ settings, password }) => (fake.remote = opened(settings, password)),
    start_demo: () => void (fake.info = { ...fake.info, demo: true }),
    leave_demo: () => void (fake.info = { ...fake.info, demo: false }),
    check_update: () => fake.update,
    save_file: ({ name }) => `/home/mira/${String(name)}`,
    api_fetch: (args) => carry(args),
    api_abort: ({ id }) => aborts.get(id)?.abort(),
    "plugin:event|listen": ({ event, handler }) => {
      listeners.set(event, [...(listeners.get(event) ?? []), handler]);
      return handler;
    },
  };

  function opened(settings: RemoteState["settings"], password: string | null): RemoteState {
    const listening = settings.on && fake.remote.trouble === null;
    const urls = [`http://127.0.0.1:${settings.port}`];
    if (settings.reach === "local_network") urls.push(`http://192.168.1.20:${settings.port}`);
    return {
      ...fake.remote,
      settings,
      has_password: fake.remote.has_password || password !== null,
      listening,
      urls: listening ? urls : [],
    };
  }

  /** The carrier: chunks over the channel, an empty one ends the body. */
  async function carry(args: Args): Promise<unknown> {
    const { request, chunks } = args as unknown as {
      request: {
        id: number;
        method: string;
        uri: string;
        headers: [string, string][];
        body: string;
      };
      chunks: { id: number };
    };
    const controller = new AbortController();
    aborts.set(request.id, controller);
    const answer = await fetch(request.uri, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal: controller.signal,
    });
    let index = 0;
    const send = (message: unknown) => callbacks.get(chunks.id)?.({ index: index++, message });
    const reader = answer.body?.getReader();
    void (async () => {
      for (;;) {
        const part = await reader?.read().catch(() => undefined);
        if (!part || part.done) break;
        send(part.value.slice().buffer);
      }
      send(new ArrayBuffer(0));
    })();
    return { status: answer.status, headers: [...answer.headers] };
  }

  window.fakeDesktop = fake;
  Object.assign(window, {
    __TAURI_EVENT_PLUGIN_INTERNALS__: { unregisterListener: () => {} },
    __TAURI_INTERNALS__: {
      transformCallback(callback: (data: unknown) => void) {
        callbacks.set(next, callback);
        return next++;
      },
      unregisterCallback: (id: number) => callbacks.delete(id),
      async invoke(command: string, args: Args = {}) {
        if (!command.startsWith("api_")) fake.calls.push({ command, args: { ...args } });
        const why = fake.refuse[command];
        if (why) throw { code: "failed", message: why };
        const answer = await commands[command]?.(args);
        const { info, tokens, remote, update, refuse } = fake;
        sessionStorage.setItem(
          "fake-desktop",
          JSON.stringify({ info, tokens, remote, update, refuse }),
        );
        return structuredClone(answer);
      },
    },
  });
}
