import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { Account, AccountPreview, ApiEvent } from "$lib/api/types";

/** The accounts, kept true by events, and the calls that change them. */
export class AccountsState {
  #list = $state.raw<readonly Account[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get list(): readonly Account[] {
    return this.#list;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  /** The account with the least left of what the Hub lets it ask. */
  readonly tightest = $derived(
    this.#list
      .filter((account) => account.budget)
      .reduce<Account | null>(
        (least, account) => (least === null || share(account) < share(least) ? account : least),
        null,
      ),
  );

  /** The accounts that the Hub does not answer as it should. */
  readonly inTrouble = $derived(this.#list.filter((account) => !works(account)));

  /** The first account in trouble that sees the Spaces of `owner`. */
  troubleOf(owner: string): Account | undefined {
    const sees = (account: Account) =>
      account.id === owner || account.organisations.some((it) => it.name === owner);
    const all = this.#list.filter(sees);
    // One working account is enough to keep an organisation's Spaces true.
    return all.some(works) ? undefined : all.find((account) => !works(account));
  }

  async load(): Promise<void> {
    try {
      this.#list = sorted(await unwrap(this.#api.GET("/api/v1/accounts")));
      this.#status = "ready";
      this.#error = null;
    } catch (error) {
      this.#error = error;
      if (this.#status === "loading") this.#status = "failed";
    }
  }

  /** Says whose token it is and what it may do. Nothing is saved. */
  preview(token: string): Promise<AccountPreview> {
    return unwrap(this.#api.POST("/api/v1/accounts/preview", { body: { token } }));
  }

  async add(token: string): Promise<Account> {
    const account = await unwrap(this.#api.POST("/api/v1/accounts", { body: { token } }));
    this.#take(account);
    return account;
  }

  async replaceToken(id: string, token: string): Promise<Account> {
    const path = { account: id };
    const account = await unwrap(
      this.#api.PUT("/api/v1/accounts/{account}/token", { params: { path }, body: { token } }),
    );
    this.#take(account);
    return account;
  }

  async check(id: string): Promise<Account> {
    const path = { account: id };
    const account = await unwrap(
      this.#api.POST("/api/v1/accounts/{account}/check", { params: { path } }),
    );
    this.#take(account);
    return account;
  }

  async remove(id: string): Promise<void> {
    const path = { account: id };
    await unwrap(this.#api.DELETE("/api/v1/accounts/{account}", { params: { path } }));
    this.#list = this.#list.filter((account) => account.id !== id);
  }

  /** What the `hf` command has saved where the server runs. */
  importable() {
    return unwrap(this.#api.GET("/api/v1/accounts/importable"));
  }

  /** Takes accounts over from the `hf` command; says what became of each. */
  async import(names: string[]) {
    const outcomes = await unwrap(this.#api.POST("/api/v1/accounts/import", { body: { names } }));
    await this.load();
    return outcomes;
  }

  apply(event: ApiEvent): void {
    if (event.type === "account_changed") this.#take(event.data);
    else if (event.type === "account_removed") {
      this.#list = this.#list.filter((account) => account.id !== event.data.id);
    }
  }

  #take(account: Account): void {
    this.#list = sorted([...this.#list.filter((it) => it.id !== account.id), account]);
  }
}

const share = (account: Account) =>
  account.budget ? account.budget.remaining / Math.max(1, account.budget.quota) : 1;
const works = (account: Account) =>
  account.state.status === "fine" || account.state.status === "checking";
const sorted = (accounts: readonly Account[]) =>
  [...accounts].sort((a, b) => a.id.localeCompare(b.id));

export const [getAccounts, setAccounts] = createContext<AccountsState>();
