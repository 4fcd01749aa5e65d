//! What a function may still use: time and memory.

use std::time::{Duration, SystemTime};

/// When Lambda will end this invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<SystemTime>);

impl Deadline {
    /// The deadline that Lambda states. Local emulators state one in 1970: a deadline that is
    /// past when the work begins means that there is none.
    #[must_use]
    pub fn from_lambda(deadline: SystemTime, now: SystemTime) -> Self {
        Self((deadline > now).then_some(deadline))
    }

    /// No deadline, as on a laptop.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Time left at `now`, or `None` where there is no deadline.
    #[must_use]
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        self.0
            .map(|deadline| deadline.duration_since(now).unwrap_or_default())
    }

    /// Whether less than `reserve` is left.
    #[must_use]
    pub fn is_near(&self, reserve: Duration) -> bool {
        self.left(SystemTime::now())
            .is_some_and(|left| left < reserve)
    }
}

/// The memory in bytes that this function has not taken yet; `None` outside Lambda.
#[must_use]
pub fn memory_left() -> Option<u64> {
    let megabytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok()?;
    let whole = megabytes.parse::<u64>().ok()?.checked_mul(1024 * 1024)?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    Some(whole.saturating_sub(resident_bytes(&status).unwrap_or(0)))
}

/// What the kernel says of a process: the bytes of it that lie in memory.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes = line.trim().strip_suffix("kB")?.trim();
    kibibytes.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_what_the_kernel_says() {
        let status = "Name:\tcluster\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(resident_bytes(status), Some(10 * 1024 * 1024));
        assert_eq!(resident_bytes("Name:\tcluster\n"), None);
    }

    #[test]
    fn a_deadline_in_the_past_means_none() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let past = Deadline::from_lambda(SystemTime::UNIX_EPOCH, now);
        assert_eq!(past.left(now), None);
        let ahead = Deadline::from_lambda(now + Duration::from_secs(60), now);
        assert_eq!(ahead.left(now), Some(Duration::from_secs(60)));
        assert_eq!(
            ahead.left(now + Duration::from_secs(90)),
            Some(Duration::ZERO)
        );
    }
}
