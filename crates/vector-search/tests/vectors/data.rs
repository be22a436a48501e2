//! Vectors to try searches with: the same for the same seed, everywhere.

/// Numbers without a pattern (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Between 0 and 1.
    pub(crate) fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// About normal, with mean 0 and variance 1/3: four uniform numbers.
    fn bell(&mut self) -> f32 {
        (0..4).map(|_| self.share()).sum::<f32>() - 2.0
    }
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Divides a vector by its length.
pub(crate) fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for x in &mut vector {
            *x /= length;
        }
    }
    vector
}

/// Something that makes vectors: those that are kept, and those of questions.
pub(crate) trait Source {
    fn kept(&self, random: &mut Random) -> Vec<f32>;
    fn asked(&self, random: &mut Random) -> Vec<f32>;
}

/// Vectors around centres, as a trained embedder gives for documents of some topics.
pub(crate) struct Clusters {
    centres: Vec<Vec<f32>>,
    spread: f32,
}

impl Clusters {
    /// With a spread of 1 a vector is as far from its centre as the centre is long.
    pub(crate) fn new(dimension: usize, count: usize, spread: f32) -> Self {
        let mut random = Random(11);
        let centres = (0..count).map(|_| unit((0..dimension).map(|_| random.bell()).collect())).collect();
        Self { centres, spread: spread * (3.0 / dimension as f32).sqrt() }
    }
}

impl Source for Clusters {
    fn kept(&self, random: &mut Random) -> Vec<f32> {
        let centre = &self.centres[random.below(self.centres.len())];
        unit(centre.iter().map(|x| x + random.bell() * self.spread).collect())
    }

    fn asked(&self, random: &mut Random) -> Vec<f32> {
        self.kept(random)
    }
}

/// Hashed features of made-up Korean: pairs of syllables and words, as the built-in embedder hashes them.
pub(crate) struct Texts {
    dimension: usize,
    words: Vec<Vec<u32>>,
    topics: Vec<Vec<usize>>,
}

impl Texts {
    /// 20,000 words of two to four of 900 syllables, frequent ones more often; 60 of them are of each topic's own.
    pub(crate) fn new(dimension: usize, topics: usize) -> Self {
        let mut random = Random(12);
        let words: Vec<Vec<u32>> =
            (0..20_000).map(|_| (0..2 + random.below(3)).map(|_| seldom(&mut random, 900) as u32).collect()).collect();
        let topics = (0..topics).map(|_| (0..60).map(|_| random.below(words.len())).collect()).collect();
        Self { dimension, words, topics }
    }

    /// 40 to 120 words, half of them of one topic.
    fn chunk(&self, random: &mut Random) -> Vec<usize> {
        let topic = &self.topics[random.below(self.topics.len())];
        let length = 40 + random.below(80);
        let mut word = |_| match random.below(2) {
            0 => topic[seldom(random, topic.len())],
            _ => seldom(random, self.words.len()),
        };
        (0..length).map(&mut word).collect()
    }

    /// Pairs of syllables and whole words, each hashed to a place and a sign.
    fn vector(&self, words: &[usize]) -> Vec<f32> {
        let mut features: Vec<u64> = Vec::new();
        for word in words {
            features.push(mix(*word as u64 + 1));
            let pairs = self.words[*word].windows(2);
            features.extend(pairs.map(|pair| mix(u64::from(pair[0]) << 32 | u64::from(pair[1]))));
        }
        features.sort_unstable();
        let mut vector = vec![0.0; self.dimension];
        for same in features.chunk_by(|a, b| a == b) {
            let value = 1.0 + (same.len() as f32).ln();
            vector[(same[0] % self.dimension as u64) as usize] += if same[0] >> 63 == 0 { value } else { -value };
        }
        unit(vector)
    }
}

impl Source for Texts {
    fn kept(&self, random: &mut Random) -> Vec<f32> {
        self.vector(&self.chunk(random))
    }

    /// A question of 4 to 10 words, three of four of them from a chunk that could answer it.
    fn asked(&self, random: &mut Random) -> Vec<f32> {
        let mut words = self.chunk(random);
        words.truncate(4 + random.below(7));
        for word in words.iter_mut().skip(3).step_by(4) {
            *word = seldom(random, self.words.len());
        }
        self.vector(&words)
    }
}

/// A number below a bound, small ones more often: about as the words of a language are (Zipf).
fn seldom(random: &mut Random, bound: usize) -> usize {
    let rank = (bound as f32).powf(random.share());
    (rank as usize - 1).min(bound - 1)
}
