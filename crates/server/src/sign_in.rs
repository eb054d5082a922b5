//! Signing in: with a password, or with the one-time code of the link that the start prints.
//!
//! There is no default password. Sessions are random tokens of which the store keeps the hash.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use hfsm_api::PublicView;
use hfsm_core::{Fleet, Supervisor};
use hfsm_model::{Activity, ActivityKind, Actor, Detail, Outcome, SignInWay};
use hfsm_store::{Session, SessionHash};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    ConfiguredPassword, Error,
    attempts::{Attempts, BY_ADDRESS, BY_BEARER, BY_USER, same_address},
    password::{self, Hasher},
    secret_text::{fingerprint, random_text, same},
};

/// How long a session lasts.
pub(crate) const SESSION_HOURS: i64 = 24;

/// Where the store keeps a password that was set in the interface.
const SETTING: &str = "sign_in.password";

/// Who may come in, and how. Cheap to clone.
#[derive(Clone)]
pub struct SignIn(Arc<Inner>);

struct Inner {
    fleet: Fleet,
    hasher: Hasher,
    /// The name to sign in with.
    user: Mutex<String>,
    /// Locked for as long as a hash takes.
    password: tokio::sync::Mutex<Password>,
    has_password: AtomicBool,
    code: Mutex<Option<SessionHash>>,
    /// The session that the code began. It may set the password without knowing the one before:
    /// who reads what this program prints could change it anyway.
    code_session: Mutex<Option<SessionHash>>,
    /// Told when a session was ended before its time.
    sessions_ended: watch::Sender<()>,
    api_key: Option<SecretString>,
    /// With which the command line on this machine comes in.
    local_key: Mutex<Option<SessionHash>>,
    public_view: PublicView,
    by_address: Attempts<IpAddr>,
    /// Apart from passwords: somebody who opens an old link can still sign in with theirs.
    by_code: Attempts<IpAddr>,
    by_user: Attempts<String>,
    by_bearer: Attempts<IpAddr>,
}

enum Password {
    None,
    Clear(SecretString),
    Known { credential: Credential, origin: Origin },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Configured,
    Stored,
}

#[derive(Clone, Serialize, Deserialize)]
struct Credential {
    user: String,
    hash: String,
}

/// What signing in needs to know of the configuration.
pub struct SignInConfig {
    /// The name to sign in with.
    pub user: String,
    /// The password, where one is configured.
    pub password: ConfiguredPassword,
    /// The bearer key of programs.
    pub api_key: Option<SecretString>,
    /// What visitors see.
    pub public_view: PublicView,
}

/// A session that just began.
pub(crate) struct NewSession {
    pub(crate) token: String,
    pub(crate) user: String,
}

/// Why somebody did not come in.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The user, the password or the code is wrong.
    Wrong,
    /// Too many failures before.
    TooManyAttempts(Duration),
    /// The password is set by the configuration.
    Configured,
    /// The new password or user name does not do, in words.
    Unsuitable(String),
    /// It could not be checked.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl SignIn {
    /// Reads a password that was set before, and begins to hash one that is configured in clear.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(config: SignInConfig, fleet: Fleet) -> Result<Self, Error> {
        let known =
            |user, hash, origin| Password::Known { credential: Credential { user, hash }, origin };
        let password = match config.password {
            ConfiguredPassword::Hash(hash) => known(config.user.clone(), hash, Origin::Configured),
            ConfiguredPassword::Clear(clear) => Password::Clear(clear),
            ConfiguredPassword::None => match fleet.store().setting::<Credential>(SETTING).await? {
                Some(stored) => known(stored.user, stored.hash, Origin::Stored),
                None => Password::None,
            },
        };
        let clear = matches!(password, Password::Clear(_));
        let user = match &password {
            Password::Known { credential, .. } => credential.user.clone(),
            Password::None | Password::Clear(_) => config.user,
        };
        fleet.store().remove_expired_sessions(fleet.clock().now()).await?;
        let this = Self(Arc::new(Inner {
            hasher: Hasher::new(),
            user: Mutex::new(user),
            has_password: AtomicBool::new(!matches!(password, Password::None)),
            password: tokio::sync::Mutex::new(password),
            code: Mutex::new(None),
            code_session: Mutex::new(None),
            sessions_ended: watch::Sender::new(()),
            api_key: config.api_key,
            local_key: Mutex::new(None),
            public_view: config.public_view,
            by_address: Attempts::new(BY_ADDRESS),
            by_code: Attempts::new(BY_ADDRESS),
            by_user: Attempts::new(BY_USER),
            by_bearer: Attempts::new(BY_BEARER),
            fleet: fleet.clone(),
        }));
        if clear {
            let hashing = this.clone();
            fleet.supervisor().spawn("hash the configured password", async move {
                if let Err(error) = hashing.credential().await {
                    tracing::error!(%error, "the configured password could not be hashed: {error}");
                }
            });
        }
        Ok(this)
    }

    /// Makes a one-time code, which replaces the one before. It lasts until it is used or the
    /// program ends.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new_code(&self) -> Result<SecretString, Error> {
        let code = random_text(16)?;
        *lock(&self.0.code) = Some(fingerprint(&code));
        Ok(code.into())
    }

    /// Makes the key with which the command line on this machine comes in, until the program ends.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new_local_key(&self) -> Result<SecretString, Error> {
        let key = random_text(32)?;
        *lock(&self.0.local_key) = Some(fingerprint(&key));
        Ok(key.into())
    }

    /// Returns whether a password is configured or was set.
    pub fn has_password(&self) -> bool {
        self.0.has_password.load(Ordering::Relaxed)
    }

    /// Returns what visitors see who did not sign in.
    pub fn public_view(&self) -> PublicView {
        self.0.public_view
    }

    pub(crate) async fn with_password(
        &self,
        from: IpAddr,
        user: &str,
        password: String,
        agent: Option<String>,
    ) -> Result<NewSession, Refused> {
        self.check_password(from, user, password).await?;
        self.begin_session(from, user, agent).await
    }

    pub(crate) async fn with_code(
        &self,
        from: IpAddr,
        code: &str,
        agent: Option<String>,
    ) -> Result<NewSession, Refused> {
        let address = same_address(from);
        if let Some(wait) = self.0.by_code.must_wait(&address) {
            return Err(Refused::TooManyAttempts(wait));
        }
        let used = {
            let mut current = lock(&self.0.code);
            let right = current.is_some_and(|hash| hash == fingerprint(code));
            if right {
                *current = None;
            }
            right
        };
        if !used {
            self.0.by_code.failed(address);
            self.record_refusal(Actor::System, from, SignInWay::Code).await;
            return Err(Refused::Wrong);
        }
        let user = match self.credential().await? {
            Some((credential, _)) => credential.user,
            None => self.user(),
        };
        let session = self.begin_session(from, &user, agent).await?;
        *lock(&self.0.code_session) = Some(fingerprint(&session.token));
        Ok(session)
    }

    /// Returns the name to sign in with.
    pub fn user(&self) -> String {
        lock(&self.0.user).clone()
    }

    /// Sets the password. Every other session ends.
    pub(crate) async fn set_password(
        &self,
        from: IpAddr,
        session: Option<&SessionHash>,
        user: &str,
        password: String,
        current: Option<String>,
    ) -> Result<(), Refused> {
        let user = fitting_user(user).map_err(Refused::Unsuitable)?;
        check_password(&password).map_err(Refused::Unsuitable)?;
        let by_code = session.is_some() && session == lock(&self.0.code_session).as_ref();
        match self.credential().await? {
            Some((_, Origin::Stored)) if by_code => {}
            Some((_, Origin::Configured)) => return Err(Refused::Configured),
            Some((credential, Origin::Stored)) => {
                self.check_password(from, &credential.user, current.unwrap_or_default()).await?;
            }
            None => {}
        }
        let hash = self.0.hasher.hash(password).await?;
        Ok(self.keep(Credential { user: user.to_owned(), hash }, session).await?)
    }

    /// Sets who may come in, on the word of the person at this machine; the password stays when
    /// none is given. Every session ends. Returns whether anything is another than before.
    ///
    /// # Errors
    /// When the name or the password does not do, or the store cannot be written.
    pub(crate) async fn choose(
        &self,
        user: &str,
        password: Option<SecretString>,
    ) -> Result<bool, Error> {
        let user = fitting_user(user).map_err(Error::Unsuitable)?.to_owned();
        let hash = match password {
            Some(password) => {
                check_password(password.expose_secret()).map_err(Error::Unsuitable)?;
                self.0.hasher.hash(password.expose_secret().to_owned()).await?
            }
            None => match self.credential().await? {
                Some((known, _)) if known.user != user => known.hash,
                _ => return Ok(false),
            },
        };
        self.keep(Credential { user, hash }, None).await?;
        Ok(true)
    }

    /// Stores who may come in, and ends every session but `mine`.
    async fn keep(&self, credential: Credential, mine: Option<&SessionHash>) -> Result<(), Error> {
        let store = self.0.fleet.store();
        store.set_setting(SETTING, &credential).await?;
        lock(&self.0.user).clone_from(&credential.user);
        *self.0.password.lock().await = Password::Known { credential, origin: Origin::Stored };
        self.0.has_password.store(true, Ordering::Relaxed);
        *lock(&self.0.code) = None;
        *lock(&self.0.code_session) = None;
        for other in store.sessions().await? {
            if Some(&other.hash) != mine {
                store.remove_session(&other.hash).await?;
            }
        }
        self.0.sessions_ended.send_replace(());
        Ok(())
    }

    /// Returns the user of a session that has not ended.
    pub(crate) async fn session_user(&self, token: &str) -> Result<Option<String>, Error> {
        let store = self.0.fleet.store();
        let Some(session) = store.session(&fingerprint(token)).await? else { return Ok(None) };
        let alive = session.expires_at > self.0.fleet.clock().now();
        Ok(alive.then_some(session.user))
    }

    /// Returns how much longer a session lasts; `None` where it has ended.
    pub(crate) async fn session_rest(&self, token: &str) -> Result<Option<Duration>, Error> {
        let session = self.0.fleet.store().session(&fingerprint(token)).await?;
        let rest = session.map(|session| session.expires_at - self.0.fleet.clock().now());
        Ok(rest.and_then(|rest| rest.to_std().ok()).filter(|rest| !rest.is_zero()))
    }

    /// Returns who keeps the tasks of the program.
    pub(crate) fn supervisor(&self) -> &Supervisor {
        self.0.fleet.supervisor()
    }

    /// Returns what is told when a session was ended before its time.
    pub(crate) fn session_changes(&self) -> watch::Receiver<()> {
        self.0.sessions_ended.subscribe()
    }

    pub(crate) async fn sign_out(&self, token: &str) -> Result<(), Error> {
        self.0.fleet.store().remove_session(&fingerprint(token)).await?;
        self.0.sessions_ended.send_replace(());
        Ok(())
    }

    /// Returns whether `bearer` is the API key.
    pub(crate) fn is_api_key(&self, bearer: &str) -> bool {
        self.0.api_key.as_ref().is_some_and(|key| same(key.expose_secret(), bearer))
    }

    /// Returns whether `bearer` is the key of the command line on this machine.
    pub(crate) fn is_local_key(&self, bearer: &str) -> bool {
        lock(&self.0.local_key).is_some_and(|hash| hash == fingerprint(bearer))
    }

    pub(crate) fn bearer_must_wait(&self, from: IpAddr) -> Option<Duration> {
        self.0.by_bearer.must_wait(&same_address(from))
    }

    pub(crate) fn bearer_failed(&self, from: IpAddr) {
        self.0.by_bearer.failed(same_address(from));
    }

    async fn check_password(
        &self,
        from: IpAddr,
        user: &str,
        password: String,
    ) -> Result<(), Refused> {
        let address = same_address(from);
        // Names that do not exist are counted too: whether one exists must not show.
        let name: String = user.chars().take(64).collect();
        let wait = self.0.by_address.must_wait(&address).max(self.0.by_user.must_wait(&name));
        if let Some(wait) = wait {
            return Err(Refused::TooManyAttempts(wait));
        }
        // Counted before the slow work, so that many attempts at once are many attempts.
        self.0.by_address.failed(address);
        self.0.by_user.failed(name.clone());
        let expected = self.credential().await?.map(|(credential, _)| credential);
        let is_user = expected.as_ref().is_some_and(|credential| same(&credential.user, user));
        let hash = expected.filter(|_| is_user).map(|credential| credential.hash);
        if !self.0.hasher.verify(password, hash).await? {
            // A name that does not exist may be a password in the wrong field.
            let actor = if is_user { Actor::Person(name) } else { Actor::System };
            let with = if is_user { SignInWay::Password } else { SignInWay::UnknownUser };
            self.record_refusal(actor, from, with).await;
            return Err(Refused::Wrong);
        }
        self.0.by_address.succeeded(&address);
        self.0.by_user.succeeded(&name);
        Ok(())
    }

    async fn begin_session(
        &self,
        from: IpAddr,
        user: &str,
        agent: Option<String>,
    ) -> Result<NewSession, Refused> {
        let token = random_text(32)?;
        let now = self.0.fleet.clock().now();
        self.0.fleet.store().remove_expired_sessions(now).await?;
        let session = Session {
            hash: fingerprint(&token),
            user: user.to_owned(),
            created_at: now,
            expires_at: now + TimeDelta::hours(SESSION_HOURS),
            user_agent: agent.map(|agent| agent.chars().take(256).collect()),
        };
        self.0.fleet.store().insert_session(&session).await?;
        let signed_in = Detail::SignedIn { from: from.to_string() };
        tracing::info!("{signed_in}");
        self.record(Actor::Person(user.to_owned()), Outcome::Done, signed_in).await;
        Ok(NewSession { token, user: user.to_owned() })
    }

    async fn credential(&self) -> Result<Option<(Credential, Origin)>, Error> {
        let mut password = self.0.password.lock().await;
        if let Password::Clear(clear) = &*password {
            let hash = self.0.hasher.hash(clear.expose_secret().to_owned()).await?;
            let credential = Credential { user: self.user(), hash };
            *password = Password::Known { credential, origin: Origin::Configured };
        }
        Ok(match &*password {
            Password::Known { credential, origin } => Some((credential.clone(), *origin)),
            Password::None | Password::Clear(_) => None,
        })
    }

    async fn record_refusal(&self, actor: Actor, from: IpAddr, with: SignInWay) {
        let refused = Detail::SignInRefused { with, from: from.to_string() };
        tracing::warn!("{refused}");
        self.record(actor, Outcome::Refused, refused).await;
    }

    async fn record(&self, actor: Actor, outcome: Outcome, details: Detail) {
        let activity = Activity {
            id: 0,
            at: self.0.fleet.clock().now(),
            actor,
            kind: ActivityKind::SignIn,
            space: None,
            account: None,
            outcome,
            message: Some(details.to_string()),
            details: Some(details),
            request_id: None,
        };
        self.0.fleet.record(activity).await;
    }
}

/// Returns a name to sign in with as it is kept, or why it does not do.
pub(crate) fn fitting_user(user: &str) -> Result<&str, String> {
    let user = user.trim();
    if user.is_empty() || user.chars().count() > 64 || user.chars().any(char::is_control) {
        return Err("the user name has 1 to 64 characters".to_owned());
    }
    Ok(user)
}

fn check_password(password: &str) -> Result<(), String> {
    if password.chars().count() < password::SHORTEST || password.len() > 1024 {
        return Err(format!(
            "the password has at least {} characters, and at most 1024 bytes",
            password::SHORTEST
        ));
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
