//! What a run may use.

/// Memory and time that a run may use. The crate has no clock: `stop` is asked between starts or trials, and once it says
/// yes nothing new is begun; the best answer so far is returned.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Bytes that the method may hold beside the table; `None` for no limit.
    pub memory: Option<u64>,
    /// Whether to begin nothing new.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Budget<'_> {
    /// No limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            memory: None,
            stop: &|| false,
        }
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
