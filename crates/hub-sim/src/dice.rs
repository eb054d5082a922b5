//! Chance that can be repeated: every number comes from the world's seed.

/// Scrambles `z`; equal inputs give equal outputs (SplitMix64's finaliser).
pub(crate) fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that belongs to `text` under `seed`.
pub(crate) fn hash(seed: u64, text: &str) -> u64 {
    let folded = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    mix(folded ^ mix(seed))
}

/// `z` as a number from 0 (included) to 1 (not included).
pub(crate) fn unit(z: u64) -> f64 {
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// A smooth curve from 0 to 1 over `t`, which wanders about once per unit of `t`.
pub(crate) fn noise(seed: u64, t: f64) -> f64 {
    let left = t.floor();
    let at = |step: f64| unit(mix(seed ^ mix(step as i64 as u64)));
    let x = t - left;
    let ease = x * x * (3.0 - 2.0 * x);
    at(left) + (at(left + 1.0) - at(left)) * ease
}

/// A sequence of chances.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(1);
        mix(self.state)
    }

    /// A number below `bound` (0 when the bound is 0).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + unit(self.next()) * (high - low)
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        unit(self.next()) < probability
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// `length` hexadecimal digits, as in commits and object ids.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.letters(length, b"0123456789abcdef")
    }

    /// `length` of the letters that container names are made of.
    pub(crate) fn pod(&mut self, length: usize) -> String {
        self.letters(length, b"bcdfghjklmnpqrstvwxz2456789")
    }

    fn letters(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}
