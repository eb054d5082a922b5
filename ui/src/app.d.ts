// The application adds nothing to SvelteKit's App namespace.
declare global {
  namespace App {}
}

export {};
