//! Spreading what would otherwise come at once.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Returns a number from 0 to 1 that is another one for each thing, and the same in every process, so that
/// two programs on one store plan the same.
pub(crate) fn spread(of: impl Hash) -> f64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_things_are_spread_over_the_whole_and_stay_where_they_are() {
        let spreads: Vec<f64> = (0..100).map(spread).collect();
        assert!(spreads.iter().all(|at| (0.0..=1.0).contains(at)));
        let low = spreads.iter().filter(|at| **at < 0.5).count();
        assert!((30..=70).contains(&low), "{low}");
        assert!((spread(7) - spreads[7]).abs() < f64::EPSILON);
    }
}
