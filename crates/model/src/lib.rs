//! The vocabulary of HF Space Manager: identifiers, accounts, Spaces, stages, hardware, samples,
//! log lines, operations, jobs, auto-heal, notices, events and the clock.
//!
//! Plain data with serde and an OpenAPI schema. No I/O happens here, and no type knows how it is
//! stored, fetched or shown.

mod account;
mod activity;
mod answer;
mod clock;
mod detail;
mod event;
mod hardware;
mod heal;
mod history;
mod id;
mod import;
mod job;
mod keep_alive;
mod log_line;
mod metrics;
mod notice;
mod operation;
mod settings;
mod space;
mod stage;
mod variable;
mod view;

pub use account::{
    Account, AccountState, AccountStatus, Importable, Organisation, RateBudget, TokenInfo,
    TokenKind, TokenPermission, TokenSource, WriteAccess,
};
pub use activity::{Activity, ActivityKind, Actor, ActorKind, Outcome};
pub use answer::ExpectedAnswer;
pub use clock::Clock;
pub use detail::{Detail, Forgotten, JobChange, Load, SignInWay};
pub use event::{Envelope, Event};
pub use hardware::{Accelerator, Flavor, Hardware, HardwareOption};
pub use heal::{
    GaveUp, GaveUpCause, HealChoice, HealMode, HealRecord, HealRule, HealScope, HealStanding,
    HealState, HealthCheck, HealthRecord, ScopedHeal,
};
pub use history::{
    Aggregate, GpuHistoryPoint, HistoryPoint, HistoryStep, MetricsHistory, MetricsSeries,
};
pub use id::{AccountId, InvalidId, SpaceId};
pub use import::{
    ImportEntry, ImportFormat, ImportKind, ImportOutcome, ImportReport, ImportRequest,
};
pub use job::{
    Hurdle, Job, JobAction, JobId, JobPlan, JobTarget, MissedRule, Risks, Run, RunCause, RunId,
    RunState, RunStep, RunStepKind, Terms, Trigger, WakeTimes,
};
pub use keep_alive::{
    AwakeHours, KeepAlive, KeepAliveAll, KeepAliveMode, KeepAliveState, VisitReason,
};
pub use log_line::{LogKind, LogLine, LogUpdate, SpaceLogUpdate};
pub use metrics::{GpuSample, MetricsPoint, MetricsSample};
pub use notice::{Mute, Notice, NoticeKind};
pub use operation::{Action, Operation, OperationId, OperationState, OperationStep};
pub use settings::{NotificationSettings, Settings};
pub use space::{Domain, Replicas, Runtime, SleepTime, Space, SpaceInfo};
pub use stage::{Stage, StageChange, StageFamily};
pub use variable::{Secret, Variable};
pub use view::SavedView;
