/** Short names for the generated wire types. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type AccountPreview = Schemas["AccountPreview"];
export type Activity = Schemas["Activity"];
export type Aggregate = Schemas["Aggregate"];
export type ApiEvent = Schemas["Event"];
export type Envelope = Schemas["Envelope"];
export type HardwareOption = Schemas["HardwareOption"];
export type HistoryPoint = Schemas["HistoryPoint"];
export type LogLine = Schemas["LogLine"];
export type LogUpdate = Schemas["LogUpdate"];
export type MetricsHistory = Schemas["MetricsHistory"];
export type MetricsPoint = Schemas["MetricsPoint"];
export type Mute = Schemas["Mute"];
export type NotificationChoice = Schemas["NotificationSettings"];
export type Operation = Schemas["Operation"];
export type Problem = Schemas["Problem"];
export type SavedView = Schemas["SavedView"];
export type Secret = Schemas["Secret"];
export type SessionInfo = Schemas["SessionState"];
export type Settings = Schemas["Settings"];
export type Space = Schemas["Space"];
export type StageChange = Schemas["StageChange"];
export type Variable = Schemas["Variable"];
