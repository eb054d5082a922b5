//! Where a window may be: on the screens that exist.

use tauri::{PhysicalPosition, PhysicalSize};

/// How much of a window's width must be on a screen, and how far below its upper edge a title may
/// begin, for a mouse to reach it.
const GRIP: i64 = 120;

/// A rectangle of the desktop, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Area {
    pub(crate) fn new(position: PhysicalPosition<i32>, size: PhysicalSize<u32>) -> Self {
        Self { x: position.x, y: position.y, width: size.width, height: size.height }
    }

    fn right(&self) -> i64 {
        i64::from(self.x) + i64::from(self.width)
    }

    fn bottom(&self) -> i64 {
        i64::from(self.y) + i64::from(self.height)
    }

    /// Returns how many pixels both share.
    fn shared(&self, other: &Self) -> i64 {
        let width = self.right().min(other.right()) - i64::from(self.x.max(other.x));
        let height = self.bottom().min(other.bottom()) - i64::from(self.y.max(other.y));
        width.max(0) * height.max(0)
    }

    /// Returns whether a mouse can get hold of the title of a window here, on `screen`.
    fn can_be_gripped(&self, screen: &Self) -> bool {
        let width = self.right().min(screen.right()) - i64::from(self.x.max(screen.x));
        width >= GRIP.min(i64::from(self.width))
            && self.y >= screen.y
            && i64::from(self.y) + GRIP <= screen.bottom()
    }
}

/// Returns where a window belongs instead that is too large for its screen, or that no mouse can
/// get hold of; `None` where it can stay.
pub(crate) fn fit(window: Area, screens: &[Area]) -> Option<Area> {
    let screen = screens.iter().max_by_key(|screen| screen.shared(&window))?;
    let fits = window.width <= screen.width && window.height <= screen.height;
    if fits && screens.iter().any(|screen| window.can_be_gripped(screen)) {
        return None;
    }
    let screen = if screen.shared(&window) > 0 { screen } else { screens.first()? };
    let width = window.width.min(screen.width);
    let height = window.height.min(screen.height);
    let within = |at: i32, from: i32, room: u32| -> i32 {
        let last = i64::from(from) + i64::from(room);
        i32::try_from(i64::from(at).clamp(i64::from(from), last)).unwrap_or(from)
    };
    Some(Area {
        x: within(window.x, screen.x, screen.width - width),
        y: within(window.y, screen.y, screen.height - height),
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    const LAPTOP: Area = area(0, 0, 1440, 900);
    const BESIDE: Area = area(1440, 0, 1920, 1080);

    #[test]
    fn a_window_that_can_be_reached_stays() {
        assert_eq!(fit(area(100, 50, 1280, 840), &[LAPTOP]), None);
        assert_eq!(fit(area(1200, 50, 1280, 840), &[LAPTOP, BESIDE]), None);
        // Half out at the right, with enough of it to grip.
        assert_eq!(fit(area(1000, 50, 1280, 840), &[LAPTOP]), None);
    }

    #[test]
    fn a_window_of_a_screen_that_is_gone_comes_to_one_that_is_there() {
        assert_eq!(fit(area(2000, 200, 1280, 840), &[LAPTOP]), Some(area(160, 60, 1280, 840)));
        assert_eq!(fit(area(-3000, -20, 800, 600), &[LAPTOP]), Some(area(0, 0, 800, 600)));
    }

    #[test]
    fn a_title_above_the_screen_comes_down() {
        assert_eq!(fit(area(100, -40, 800, 600), &[LAPTOP]), Some(area(100, 0, 800, 600)));
    }

    #[test]
    fn a_window_is_no_larger_than_its_screen() {
        assert_eq!(fit(area(0, 0, 3840, 2160), &[LAPTOP]), Some(LAPTOP));
        assert_eq!(
            fit(area(1500, 0, 3840, 900), &[LAPTOP, BESIDE]),
            Some(area(1440, 0, 1920, 900))
        );
    }

    #[test]
    fn without_a_screen_nothing_is_moved() {
        assert_eq!(fit(area(0, 0, 800, 600), &[]), None);
    }
}
