import type { Account } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

type Status = Account["state"]["status"];
type TokenKind = Account["token"]["kind"];
type TokenSource = Account["token"]["source"];

const STATUS: Record<Status, () => string> = {
  checking: m.account_checking,
  fine: m.account_fine,
  token_refused: m.account_token_refused,
  rate_limited: m.account_rate_limited,
  hub_unreachable: m.account_hub_unreachable,
};

const KIND: Record<TokenKind, () => string> = {
  none: m.token_none,
  read: m.token_read,
  write: m.token_write,
  fine_grained: m.token_fine_grained,
  oauth: m.token_oauth,
  unknown: m.token_unknown,
};

const SOURCE: Record<TokenSource, () => string> = {
  environment: m.source_environment,
  hf_cli: m.source_hf_cli,
  vault: m.source_vault,
};

export const statusWord = (status: Status): string => STATUS[status]();
export const kindWord = (kind: TokenKind): string => KIND[kind]();
export const sourceWord = (source: TokenSource): string => SOURCE[source]();

export interface Ability {
  good: boolean;
  text: string;
}

/** What a token lets this program do, and what it does not, as far as whoami tells. */
export function abilitiesOf(account: Account): Ability[] {
  const { kind, permissions = [] } = account.token;
  switch (kind) {
    case "none":
      return [
        { good: true, text: m.can_see_public() },
        { good: false, text: m.cannot_act_none() },
      ];
    case "read":
      return [
        { good: true, text: m.can_see_private() },
        { good: false, text: m.cannot_act_read() },
      ];
    case "write":
      return [{ good: true, text: m.can_all() }];
    case "oauth":
      return [
        { good: true, text: m.can_see_private() },
        { good: false, text: m.cannot_restart_oauth() },
      ];
    case "fine_grained": {
      const writes = permissions.filter((it) => it.permissions.includes("repo.write"));
      const reads = permissions.some((it) =>
        it.permissions.some((word) => word.startsWith("repo.")),
      );
      const where = [...new Set(writes.map((it) => it.entity ?? account.id))].join(", ");
      return [
        reads
          ? { good: true, text: m.can_see_granted() }
          : { good: false, text: m.cannot_read_fine() },
        writes.length > 0
          ? { good: true, text: m.can_act_on({ where }) }
          : { good: false, text: m.cannot_act_fine() },
      ];
    }
    case "unknown":
      return [{ good: false, text: m.token_unknown_text() }];
  }
}
