import * as m from "$lib/paraglide/messages";
import type { RemoteState } from "$lib/platform/native";

/** Why it does not listen, and what to do about it. */
export function troubleText({ settings, trouble }: RemoteState): string | null {
  switch (trouble?.code) {
    case undefined:
      return null;
    case "port_in_use":
      return m.remote_port_in_use({ port: settings.port });
    case "port_forbidden":
      return m.remote_port_forbidden({ port: settings.port });
    case "no_such_address":
      return m.remote_no_address();
    case "password_missing":
      return m.remote_password_missing();
    case "failed":
      return m.remote_failed({ why: trouble?.message ?? "" });
  }
}

/** The address that another device can open: the first that is not this computer's own. */
export function forPhone(urls: readonly string[]): string | null {
  const own = /^https?:\/\/(localhost|127\.|\[::1\])/;
  return urls.find((url) => !own.test(url)) ?? null;
}
