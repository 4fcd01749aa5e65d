//! Where clients of AWS find their region, credentials and endpoint.

use aws_config::SdkConfig;
use futures::future::BoxFuture;

/// Region, credentials and endpoint as any AWS tool finds them. Boxed, so that the long way to credentials is compiled here
/// once and not in every program.
#[must_use]
pub fn aws_from_environment() -> BoxFuture<'static, SdkConfig> {
    Box::pin(aws_config::load_from_env())
}
