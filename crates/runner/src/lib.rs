//! One judged run: (scenario, seed, options) to outcome
