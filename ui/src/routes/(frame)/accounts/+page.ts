import { redirect } from "@sveltejs/kit";

// Accounts live among the settings; the short address stays for links and the tray.
export const load = () => redirect(307, "/settings/accounts");
