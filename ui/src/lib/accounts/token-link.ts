/** The Hub's page that makes a fine-grained token. */
export const NEW_TOKEN_PAGE = "https://huggingface.co/settings/tokens/new?tokenType=fineGrained";
