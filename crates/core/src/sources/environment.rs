//! Accounts of the environment: `HF_USER`, a list of `user:token`, and `HF_TOKEN`, one token.

use std::{collections::HashMap, fmt};

use hfsm_model::{AccountId, InvalidId, TokenSource};
use secrecy::{ExposeSecret, SecretString};

use super::ConfiguredAccount;

/// What the environment names, and what of it makes no sense.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// The accounts, in the order in which they were named, each once.
    pub accounts: Vec<ConfiguredAccount>,
    /// The parts that were left out, or in which something is odd.
    pub problems: Vec<BadPart>,
}

/// A part of a variable that makes no sense. It never holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPart {
    /// The variable.
    pub variable: &'static str,
    /// Which of its comma-separated parts, counted from 1.
    pub position: usize,
    /// What is wrong with it.
    pub what: Mistake,
}

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// There is a token and no name before it. The part was left out.
    NoName,
    /// The name cannot be a user name on the Hub. The part was left out.
    Name(InvalidId),
    /// The name looks like a token, as when the parts were swapped. The part was left out.
    TokenAsName,
    /// The token holds a character that no token has. The part was left out.
    Token,
    /// The same account was named before, at this position. The first one with a token counts.
    SameAccount {
        /// Where.
        before: usize,
    },
    /// The same token was given before, at this position. This part counts as having none.
    SameToken {
        /// Where.
        before: usize,
    },
}

impl fmt::Display for BadPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, position, what } = self;
        write!(f, "{variable}, part {position}: ")?;
        match what {
            Mistake::NoName => f.write_str("the name before the `:` is missing; write `user:token`"),
            Mistake::Name(why) => write!(f, "{why}; write `user:token`"),
            Mistake::TokenAsName => {
                f.write_str("a token stands where the name should be; write `user:token`")
            }
            Mistake::Token => f.write_str(
                "the token holds a character that no token has; copy it again from the Hub's settings",
            ),
            Mistake::SameAccount { before } => {
                write!(f, "the same account is in part {before}; the first one with a token counts")
            }
            Mistake::SameToken { before } => {
                write!(f, "the same token is in part {before}; give each account its own")
            }
        }
    }
}

impl std::error::Error for BadPart {}

const HF_USER: &str = "HF_USER";
const HF_TOKEN: &str = "HF_TOKEN";

/// Reads the accounts out of the two variables' values. What makes no sense is left out and
/// reported; the rest counts.
///
/// `hf_user` is `user:token,user:token,user:` or any part of that form; spaces around names and
/// tokens do not count, and empty parts are passed over. `hf_token` is one token, whose user the Hub
/// tells; it adds nothing when `hf_user` has the same token.
pub fn configured_accounts(hf_user: Option<&str>, hf_token: Option<&str>) -> Configured {
    let mut reading = Reading::default();
    let parts = hf_user.unwrap_or_default().split(',').map(str::trim);
    for (position, part) in (1..).zip(parts).filter(|(_, part)| !part.is_empty()) {
        if let Err(what) = reading.part(position, part) {
            reading.found.problems.push(BadPart { variable: HF_USER, position, what });
        }
    }
    if let Some(token) = hf_token.map(str::trim).filter(|token| !token.is_empty()) {
        if !is_token(token) {
            let what = Mistake::Token;
            reading.found.problems.push(BadPart { variable: HF_TOKEN, position: 1, what });
        } else if !reading.has_token(token) {
            reading.found.accounts.push(ConfiguredAccount {
                name: None,
                token: Some(SecretString::from(token)),
                source: TokenSource::Environment,
            });
        }
    }
    reading.found
}

#[derive(Default)]
struct Reading {
    found: Configured,
    /// Where each account was named first, and its place in the list.
    seen: HashMap<AccountId, (usize, usize)>,
    /// Which part each account of the list, by its place, got its token from.
    token_parts: HashMap<usize, usize>,
}

impl Reading {
    fn part(&mut self, position: usize, part: &str) -> Result<(), Mistake> {
        let (name, token) = match part.split_once(':') {
            Some((name, token)) => (name.trim(), token.trim()),
            None => (part, ""),
        };
        if name.is_empty() {
            return if token.is_empty() { Ok(()) } else { Err(Mistake::NoName) };
        }
        // The message of a bad name does not repeat it, but that of a duplicate account would.
        if looks_like_token(name) {
            return Err(Mistake::TokenAsName);
        }
        let name = AccountId::new(name).map_err(Mistake::Name)?;
        if !token.is_empty() && !is_token(token) {
            return Err(Mistake::Token);
        }
        let same_token = self.place_of(token);

        if let Some(&(before, place)) = self.seen.get(&name) {
            let account = &mut self.found.accounts[place];
            if account.token.is_none() && !token.is_empty() && same_token.is_none() {
                account.token = Some(SecretString::from(token));
                self.token_parts.insert(place, position);
            }
            return Err(Mistake::SameAccount { before });
        }

        let place = self.found.accounts.len();
        let token = (!token.is_empty() && same_token.is_none()).then(|| SecretString::from(token));
        if token.is_some() {
            self.token_parts.insert(place, position);
        }
        self.seen.insert(name.clone(), (position, place));
        self.found.accounts.push(ConfiguredAccount {
            name: Some(name),
            token,
            source: TokenSource::Environment,
        });
        match same_token {
            Some(place) => Err(Mistake::SameToken {
                before: self.token_parts.get(&place).copied().unwrap_or_default(),
            }),
            None => Ok(()),
        }
    }

    fn has_token(&self, token: &str) -> bool {
        self.place_of(token).is_some()
    }

    fn place_of(&self, token: &str) -> Option<usize> {
        self.found.accounts.iter().position(|account| {
            account.token.as_ref().is_some_and(|known| known.expose_secret() == token)
        })
    }
}

/// Tokens are put into a header: whatever cannot stand there is a slip of the copying hand.
fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A user name may begin so as well, but none of this length does, and a token in a message would
/// be worse than a name that must be given otherwise.
fn looks_like_token(text: &str) -> bool {
    (text.starts_with("hf_") || text.starts_with("api_")) && text.len() >= 20
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(hf_user: &str) -> (Vec<(String, Option<String>)>, Vec<String>) {
        let found = configured_accounts(Some(hf_user), None);
        let accounts = found.accounts.iter().map(|account| {
            assert_eq!(account.source, TokenSource::Environment);
            let token = account.token.as_ref().map(|token| token.expose_secret().to_owned());
            (account.name.as_ref().map(AccountId::to_string).unwrap_or_default(), token)
        });
        (accounts.collect(), found.problems.iter().map(BadPart::to_string).collect())
    }

    fn pair(name: &str, token: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), token.map(str::to_owned))
    }

    #[test]
    fn the_form_of_the_old_application_is_read() {
        let (accounts, problems) = read(" user1:hf_a , user2 : hf_b,user3:,user4,, ");
        assert_eq!(
            accounts,
            [
                pair("user1", Some("hf_a")),
                pair("user2", Some("hf_b")),
                pair("user3", None),
                pair("user4", None)
            ]
        );
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn nothing_is_no_account_and_no_problem() {
        for text in ["", " ", ",", ":", " : , : "] {
            assert_eq!(read(text), (vec![], vec![]), "{text:?}");
        }
        assert!(configured_accounts(None, Some("  ")).accounts.is_empty());
    }

    #[test]
    fn a_bad_part_is_told_by_its_position_and_the_others_count() {
        let (accounts, problems) = read(":hf_x, a/b:hf_y ,carol:hf_z z,dave:hf_d");
        assert_eq!(accounts, [pair("dave", Some("hf_d"))]);
        assert_eq!(problems.len(), 3);
        assert!(problems[0].starts_with("HF_USER, part 1: the name"), "{problems:?}");
        assert!(
            problems[1].starts_with("HF_USER, part 2: the account name may hold"),
            "{problems:?}"
        );
        assert!(problems[2].starts_with("HF_USER, part 3: the token holds"), "{problems:?}");
    }

    #[test]
    fn an_account_that_is_named_twice_counts_once_with_its_first_token() {
        let (accounts, problems) = read("a:,b:hf_b,a:hf_a,a:hf_other");
        assert_eq!(accounts, [pair("a", Some("hf_a")), pair("b", Some("hf_b"))]);
        assert_eq!(
            problems,
            [
                "HF_USER, part 3: the same account is in part 1; the first one with a token counts",
                "HF_USER, part 4: the same account is in part 1; the first one with a token counts",
            ]
        );
    }

    #[test]
    fn a_token_that_is_given_twice_belongs_to_the_first_account() {
        let (accounts, problems) = read("a:hf_t,b:hf_t");
        assert_eq!(accounts, [pair("a", Some("hf_t")), pair("b", None)]);
        assert_eq!(
            problems,
            ["HF_USER, part 2: the same token is in part 1; give each account its own"]
        );
    }

    #[test]
    fn the_single_token_is_an_account_without_a_name_unless_it_is_known() {
        let found = configured_accounts(Some("a:hf_a"), Some(" hf_other\n"));
        assert_eq!(found.accounts.len(), 2);
        assert!(found.accounts[1].name.is_none());
        assert_eq!(found.accounts[1].token.as_ref().unwrap().expose_secret(), "hf_other");

        let found = configured_accounts(Some("a:hf_a"), Some("hf_a"));
        assert_eq!(found.accounts.len(), 1);
        let found = configured_accounts(None, Some("hf_a\u{a0}b"));
        assert!(found.accounts.is_empty());
        assert!(found.problems[0].to_string().starts_with("HF_TOKEN"), "{:?}", found.problems);
    }

    #[test]
    fn a_token_is_never_in_a_message_nor_printed() {
        let token = "hf_abcdefghijklmnopqrstuvwxyz";
        let text =
            format!("{token}:alice,{token},bob:{token},carol:{token},bob:{token} x,:{token}");
        let found = configured_accounts(Some(&text), Some(&format!("{token}\u{e9}")));
        assert_eq!(found.problems.len(), 6, "{found:?}");
        for problem in &found.problems {
            assert!(!problem.to_string().contains(token), "{problem}");
        }
        assert!(!format!("{found:?}").contains(token));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_every_account_once(
            user in "[a-c:, ]{0,40}|.{0,60}",
            token in proptest::option::of(".{0,20}"),
        ) {
            let found = configured_accounts(Some(&user), token.as_deref());
            let mut names: Vec<_> =
                found.accounts.iter().filter_map(|account| account.name.as_ref()).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), all);
            let mut tokens: Vec<_> = found
                .accounts
                .iter()
                .filter_map(|account| Some(account.token.as_ref()?.expose_secret().to_owned()))
                .collect();
            let all = tokens.len();
            tokens.sort();
            tokens.dedup();
            prop_assert_eq!(tokens.len(), all);
        }

        #[test]
        fn what_is_well_formed_is_read_whole(names in proptest::collection::btree_set("[a-z]{1,12}", 0..8)) {
            let text = names
                .iter()
                .map(|name| format!("{name}:hf_{name}"))
                .collect::<Vec<_>>()
                .join(",");
            let (accounts, problems) = read(&text);
            prop_assert!(problems.is_empty());
            let expected: Vec<_> =
                names.iter().map(|name| pair(name, Some(&format!("hf_{name}")))).collect();
            prop_assert_eq!(accounts, expected);
        }
    }
}
