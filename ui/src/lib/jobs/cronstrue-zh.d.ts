/** Adds Chinese to the library when it is loaded, and exports nothing of use. */
declare module "cronstrue/locales/zh_CN";
