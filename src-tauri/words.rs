//! What the shell itself says to a person: the tray, notifications and dialogs, in both languages.
//! The page has its own words.

use chrono::TimeDelta;
use hfsm_core::vault::VaultError;
use hfsm_model::{NoticeKind, Stage};
use serde::{Deserialize, Serialize};

/// A language that the program speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    /// Returns the language of the system, and English where that one is not spoken here.
    pub(crate) fn of_the_system() -> Self {
        sys_locale::get_locale().map_or(Self::English, |locale| Self::of_locale(&locale))
    }

    fn of_locale(locale: &str) -> Self {
        let language = locale.split(['-', '_', '.']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }

    fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

/// The name of the program, which is the same in all languages.
pub(crate) const PROGRAM: &str = "HF Space Manager";

/// What a stage is called.
pub(crate) fn stage(language: Language, stage: &Stage) -> String {
    let (english, chinese) = match stage.as_str() {
        "RUNNING" => ("running", "运行中"),
        "BUILDING" => ("building", "构建中"),
        "APP_STARTING" => ("starting", "正在启动应用"),
        "RUNNING_BUILDING" => ("running, building", "运行中，正在构建"),
        "RUNNING_APP_STARTING" => ("running, starting", "运行中，正在启动"),
        "SLEEPING" => ("asleep", "休眠中"),
        "PAUSED" => ("paused", "已暂停"),
        "STOPPED" => ("stopped", "已停止"),
        "NO_APP_FILE" => ("no app file", "缺少应用文件"),
        "CONFIG_ERROR" => ("configuration error", "配置错误"),
        "BUILD_ERROR" => ("build failed", "构建错误"),
        "RUNTIME_ERROR" => ("runtime error", "运行时错误"),
        "DELETING" => ("being deleted", "正在删除"),
        word => return word.to_owned(),
    };
    language.pick(english, chinese).to_owned()
}

/// A span of time in its largest unit: `8 min`.
pub(crate) fn span(language: Language, span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (number, english, chinese) = match seconds {
        0..60 => (seconds, "s", "秒"),
        60..3600 => (seconds / 60, "min", "分钟"),
        3600..86_400 => (seconds / 3600, "h", "小时"),
        _ => (seconds / 86_400, "d", "天"),
    };
    format!("{number} {}", language.pick(english, chinese))
}

/// The first line of the tray's menu, and its tooltip.
pub(crate) fn in_need(language: Language, failing: usize) -> String {
    match language {
        Language::English if failing == 1 => "1 Space needs you".to_owned(),
        Language::English => format!("{failing} Spaces need you"),
        Language::Chinese => format!("{failing} 个 Space 需要处理"),
    }
}

pub(crate) fn all_right(language: Language, total: usize) -> String {
    match language {
        Language::English if total == 1 => "All right: 1 Space".to_owned(),
        Language::English => format!("All right: {total} Spaces"),
        Language::Chinese => format!("一切正常：{total} 个 Space"),
    }
}

pub(crate) fn no_accounts(language: Language) -> &'static str {
    language.pick("No account yet", "还没有账户")
}

pub(crate) fn offline(language: Language) -> &'static str {
    language.pick("The Hub cannot be reached", "无法连接 Hub")
}

pub(crate) fn failing_but_muted(language: Language, failing: usize) -> String {
    match language {
        Language::English if failing == 1 => "1 Space fails, muted".to_owned(),
        Language::English => format!("{failing} Spaces fail, muted"),
        Language::Chinese => format!("{failing} 个 Space 出错（已静音）"),
    }
}

pub(crate) fn account_in_trouble(language: Language, account: &str) -> String {
    language
        .pick(format!("The account {account} does not work"), format!("账户 {account} 无法使用"))
}

pub(crate) fn and_more(language: Language, more: usize) -> String {
    language.pick(format!("And {more} more…"), format!("还有 {more} 个…"))
}

pub(crate) fn restart(language: Language) -> &'static str {
    language.pick("Restart", "重启")
}

pub(crate) fn rebuild(language: Language) -> &'static str {
    language.pick("Factory rebuild", "出厂重建")
}

pub(crate) fn show_space(language: Language) -> &'static str {
    language.pick("Show", "查看")
}

pub(crate) fn logs(language: Language, stage: &Stage) -> &'static str {
    if *stage == Stage::BUILD_ERROR {
        language.pick("Build log", "构建日志")
    } else {
        language.pick("Logs", "日志")
    }
}

pub(crate) fn mute_for_an_hour(language: Language) -> &'static str {
    language.pick("Mute for 1 hour", "静音 1 小时")
}

pub(crate) fn unmute(language: Language) -> &'static str {
    language.pick("Unmute", "取消静音")
}

pub(crate) fn mute_everything(language: Language) -> &'static str {
    language.pick("Mute everything for 1 hour", "全部静音 1 小时")
}

pub(crate) fn unmute_everything(language: Language, left: TimeDelta) -> String {
    let left = span(language, left);
    language
        .pick(format!("Unmute everything ({left} left)"), format!("全部取消静音（剩余 {left}）"))
}

pub(crate) fn muted(language: Language) -> &'static str {
    language.pick("muted", "已静音")
}

pub(crate) fn open(language: Language) -> &'static str {
    language.pick("Open Space Manager", "打开 Space Manager")
}

pub(crate) fn quit(language: Language) -> &'static str {
    language.pick("Quit", "退出")
}

/// What a notification says in its first line.
pub(crate) fn notice(language: Language, kind: NoticeKind, space: &str) -> String {
    let (english, chinese) = match kind {
        NoticeKind::BuildFailed => ("could not be built", "构建失败"),
        NoticeKind::RuntimeError => ("has stopped with an error", "运行出错"),
        NoticeKind::Recovered => ("runs again", "已恢复运行"),
        NoticeKind::FellAsleep => ("fell asleep", "已进入休眠"),
        NoticeKind::ActionFailed => ("could not be acted on", "操作失败"),
        NoticeKind::GaveUp => ("could not be mended by auto-heal", "自动修复未能成功，已停止尝试"),
    };
    format!("{space} {}", language.pick(english, chinese))
}

/// What is told when the window was closed for the first time.
pub(crate) fn still_running(language: Language) -> (&'static str, &'static str) {
    language.pick(
        (
            "Still running in the tray",
            "HF Space Manager goes on watching your Spaces. Quit it from its icon in the tray; \
             Settings say whether closing does this.",
        ),
        (
            "仍在托盘中运行",
            "HF Space Manager 会继续监视你的 Space。可从托盘图标退出；是否如此可在设置中选择。",
        ),
    )
}

/// What is told when closing could only make the window small.
pub(crate) fn only_minimised(language: Language) -> (&'static str, &'static str) {
    language.pick(
        (
            "The window was minimised",
            "Remote access needs the program to go on, and this desktop shows no tray icon. Turn \
             remote access off, or quit in Settings, to end it.",
        ),
        (
            "窗口已最小化",
            "远程访问需要程序继续运行，而此桌面不显示托盘图标。要结束程序，请关闭远程访问，或在设置中退出。",
        ),
    )
}

pub(crate) fn no_tray_library(language: Language) -> &'static str {
    language.pick(
        "The library libayatana-appindicator3 is missing, so there is no tray icon and closing the \
         window quits. Install it and start again.",
        "缺少 libayatana-appindicator3 库，因此没有托盘图标，关闭窗口即退出。请安装后重新启动。",
    )
}

pub(crate) fn no_tray_bus(language: Language) -> &'static str {
    language.pick(
        "There is no session bus (D-Bus), so there is no tray icon and closing the window quits.",
        "没有会话总线（D-Bus），因此没有托盘图标，关闭窗口即退出。",
    )
}

pub(crate) fn no_tray_watcher(language: Language) -> &'static str {
    language.pick(
        "This desktop shows no tray icons, so closing the window quits. On GNOME, the extension \
         “AppIndicator and KStatusNotifierItem Support” brings them.",
        "此桌面不显示托盘图标，因此关闭窗口即退出。在 GNOME 上，扩展“AppIndicator and \
         KStatusNotifierItem Support”可以显示它们。",
    )
}

pub(crate) fn no_tray(language: Language, why: &str) -> String {
    language.pick(
        format!("The tray icon could not be made, so closing the window quits: {why}"),
        format!("无法创建托盘图标，因此关闭窗口即退出：{why}"),
    )
}

pub(crate) fn action_refused(language: Language, space: &str) -> String {
    language.pick(format!("{space} was not acted on"), format!("{space} 未执行操作"))
}

/// Asks before something that may cost.
pub(crate) fn confirm_billed(
    language: Language,
    action: &str,
    space: &str,
    hardware: &str,
) -> String {
    language.pick(
        format!(
            "{action} {space}? It runs on {hardware}, which may be billed from the moment that it \
             starts."
        ),
        format!("{action} {space}？它使用 {hardware}，从启动时起可能计费。"),
    )
}

pub(crate) fn cancel(language: Language) -> &'static str {
    language.pick("Cancel", "取消")
}

/// The title of the dialog that says why the program cannot start.
pub(crate) fn cannot_start(language: Language) -> &'static str {
    language.pick("HF Space Manager cannot start", "HF Space Manager 无法启动")
}

pub(crate) fn show_folder(language: Language) -> &'static str {
    language.pick("Show the folder", "显示文件夹")
}

/// Why the store cannot be opened, and what to do.
pub(crate) fn store_trouble(language: Language, error: &hfsm_store::Error) -> String {
    use hfsm_store::Error;
    if language == Language::English {
        return sentence(&error.to_string());
    }
    match error {
        Error::Locked { path, holder } => {
            let holder = holder.map(|id| format!("（进程号 {id}）")).unwrap_or_default();
            let path = path.display();
            format!(
                "另一个进程{holder}正在使用数据文件 {path}。请结束该进程，或使用另一个数据文件夹启动。"
            )
        }
        Error::Damaged { path, detail } => format!(
            "数据文件 {} 无法使用：{detail}。文件未被改动：请将其移走以重新开始，或用备份替换它。",
            path.display()
        ),
        Error::Newer { path, .. } => format!(
            "数据文件 {} 由更新版本的程序写入，文件未被改动。请启动更新的版本，或使用另一个数据文件夹。",
            path.display()
        ),
        Error::Full => "存放数据的磁盘已满；之前保存的内容没有丢失。请释放空间后重试。".to_owned(),
        Error::NotWritable { path, .. } => format!(
            "无法写入 {}。请让当前用户可以写入该文件夹，或使用另一个数据文件夹启动。",
            path.display()
        ),
        other => format!("无法打开已保存的数据：{other}"),
    }
}

/// Why a store of tokens cannot be used, and what to do.
pub(crate) fn vault_trouble(language: Language, error: &VaultError) -> String {
    if language == Language::English {
        return sentence(&error.to_string());
    }
    match error {
        VaultError::KeychainUnavailable(_) => {
            "无法连接系统钥匙串。请登录带有钥匙串的桌面会话，或选择加密文件。".to_owned()
        }
        VaultError::KeychainLocked(_) => "钥匙串已锁定或拒绝访问。请解锁后重试。".to_owned(),
        VaultError::KeychainSilent => {
            "钥匙串没有及时响应，可能正在等待输入密码。请输入后重试。".to_owned()
        }
        VaultError::Keychain { account, detail, .. } => {
            format!("钥匙串无法处理账户 {account} 的令牌：{detail}")
        }
        VaultError::WrongPassphrase { path } => {
            format!("口令无法打开令牌文件 {}。请使用创建它时的口令。", path.display())
        }
        VaultError::WrongKeyFile { path, key_file } => format!(
            "密钥文件 {} 无法打开令牌文件 {}。请放回创建它时的密钥文件。",
            key_file.display(),
            path.display()
        ),
        VaultError::KeyFileMissing { path, key_file } => format!(
            "缺少令牌文件 {} 的密钥文件 {}。请放回它，或移走令牌文件并重新添加账户。",
            path.display(),
            key_file.display()
        ),
        VaultError::NoKey { key_file } => {
            format!("{} 不是密钥文件：密钥应为 32 个随机字节。", key_file.display())
        }
        VaultError::Damaged { path, detail } => format!(
            "令牌文件 {} 无法使用：{detail}。文件未被改动：请用备份替换，或移走并重新添加账户。",
            path.display()
        ),
        VaultError::Newer { path, .. } => {
            format!("令牌文件 {} 由更新版本的程序写入。请启动该版本。", path.display())
        }
        other => format!("无法使用令牌存储：{other}"),
    }
}

/// Returns at most `most` letters of a text.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let short: String = text.chars().take(most - 1).collect();
    format!("{}…", short.trim_end())
}

/// Begins with a capital and ends with a full stop, as a sentence does.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let rest = letters.as_str();
    let end = if text.ends_with(['.', '。', '?', '!']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// What a command of the page could not do.
pub(crate) mod refusals {
    use super::Language;

    pub(crate) fn foreign_address(language: Language, url: &str) -> String {
        language.pick(
            format!(
                "{url} is neither a page of the Hub nor an app of a Space, so it is not opened"
            ),
            format!("{url} 既不是 Hub 的页面，也不是 Space 的应用，因此不会打开"),
        )
    }

    pub(crate) fn no_browser(language: Language, why: &str) -> String {
        language.pick(
            format!("no program could be started for it: {why}"),
            format!("无法启动相应的程序：{why}"),
        )
    }

    pub(crate) fn in_the_demo(language: Language) -> &'static str {
        language.pick(
            "this is the demo, where nothing is kept; leave it first",
            "这是演示模式，不会保存任何内容；请先退出演示",
        )
    }

    pub(crate) fn not_kept(language: Language, why: &str) -> String {
        language
            .pick(format!("the choice could not be saved: {why}"), format!("无法保存选择：{why}"))
    }

    pub(crate) fn not_saved(language: Language, path: &str, why: &str) -> String {
        language
            .pick(format!("{path} could not be written: {why}"), format!("无法写入 {path}：{why}"))
    }

    pub(crate) fn not_copied(language: Language, why: &str) -> String {
        language.pick(
            format!("the clipboard does not take it: {why}"),
            format!("无法写入剪贴板：{why}"),
        )
    }

    pub(crate) fn autostart(language: Language, why: &str) -> String {
        language.pick(
            format!("the entry for the sign-in could not be changed: {why}"),
            format!("无法更改登录时启动的设置：{why}"),
        )
    }

    pub(crate) fn no_shortcut(language: Language, keys: &str) -> String {
        language.pick(
            format!("{keys} is no shortcut; take for example Ctrl+Alt+S"),
            format!("{keys} 不是快捷键；例如可用 Ctrl+Alt+S"),
        )
    }

    pub(crate) fn shortcut_taken(language: Language, keys: &str) -> String {
        language.pick(
            format!("another program has {keys}; take other keys"),
            format!("{keys} 已被其他程序占用；请换用其他按键"),
        )
    }

    pub(crate) fn no_shortcuts_here(language: Language) -> &'static str {
        language.pick(
            "this desktop gives programs no shortcuts of their own; Wayland does not allow it",
            "此桌面不允许程序使用全局快捷键（Wayland 不支持）",
        )
    }

    pub(crate) fn demo(language: Language, why: &str) -> String {
        language.pick(format!("the demo could not begin: {why}"), format!("无法开始演示：{why}"))
    }

    pub(crate) fn update(language: Language, why: &str) -> String {
        language.pick(format!("no update could be had: {why}"), format!("无法获取更新：{why}"))
    }

    pub(crate) fn no_update(language: Language) -> &'static str {
        language.pick("there is no newer version", "没有更新的版本")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_language_counts_where_it_is_spoken_here() {
        assert_eq!(Language::of_locale("zh-CN"), Language::Chinese);
        assert_eq!(Language::of_locale("zh_CN.UTF-8"), Language::Chinese);
        assert_eq!(Language::of_locale("de-DE"), Language::English);
        assert_eq!(Language::of_locale("C"), Language::English);
    }

    #[test]
    fn a_span_is_said_in_its_largest_unit() {
        let said = |seconds| span(Language::English, TimeDelta::seconds(seconds));
        assert_eq!([40, 480, 7200, 200_000].map(said), ["40 s", "8 min", "2 h", "2 d"]);
        assert_eq!(said(-5), "0 s");
    }

    #[test]
    fn an_unknown_stage_is_said_as_the_hub_says_it() {
        assert_eq!(stage(Language::Chinese, &Stage::new("FUTURE")), "FUTURE");
        assert_eq!(stage(Language::Chinese, &Stage::SLEEPING), "休眠中");
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("Why?"), "Why?");
    }
}
