//! Ctrl-C: the first one asks the run to end, so that nothing is lost; the second one ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the first Ctrl-C raises. Where signals cannot be caught, Ctrl-C ends the process as ever.
pub(crate) fn flag() -> Arc<AtomicBool> {
    let raised = Arc::new(AtomicBool::new(false));
    let in_handler = Arc::clone(&raised);
    let caught = ctrlc::set_handler(move || {
        if in_handler.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    drop(caught);
    raised
}
