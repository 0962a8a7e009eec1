//! How a run is shown: narration, verdict, JSON
