//! Where the two services answer.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// A service that speaks JSON 1.1, and the one operation of it that is used.
#[derive(Debug)]
pub struct Service {
    /// As in host names and signatures.
    pub name: &'static str,
    /// As in the profile's `services` section and, in capitals, `AWS_ENDPOINT_URL_...`.
    id: &'static str,
    /// The header `x-amz-target`.
    pub target: &'static str,
}

impl Service {
    /// [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
    pub const SECRETS_MANAGER: Self = Self {
        name: "secretsmanager",
        id: "Secrets Manager",
        target: "secretsmanager.GetSecretValue",
    };
    /// [GetParameter](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html).
    pub const PARAMETER_STORE: Self = Self {
        name: "ssm",
        id: "SSM",
        target: "AmazonSSM.GetParameter",
    };

    /// The address: what the environment or profile says for this service or for all, else AWS's own for the region.
    pub fn endpoint(&self, config: &SdkConfig, region: &str) -> String {
        let key = ServiceConfigKey::builder()
            .service_id(self.id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok();
        let own = config
            .service_config()
            .zip(key)
            .and_then(|(settings, key)| settings.load_config(key));
        own.or_else(|| config.endpoint_url().map(str::to_owned))
            .unwrap_or_else(|| {
                let fips = config.use_fips().unwrap_or_default();
                let dual_stack = config.use_dual_stack().unwrap_or_default();
                format!("https://{}", self.host(region, fips, dual_stack))
            })
    }

    fn host(&self, region: &str, fips: bool, dual_stack: bool) -> String {
        let (domain, dual_stack_domain) = domains(region);
        let name = self.name;
        let fips = if fips { "-fips" } else { "" };
        let domain = if dual_stack {
            dual_stack_domain
        } else {
            domain
        };
        format!("{name}{fips}.{region}.{domain}")
    }
}

/// The domains of the partition that a region belongs to, plain and for IPv4 and IPv6.
fn domains(region: &str) -> (&'static str, &'static str) {
    match region {
        _ if region.starts_with("cn-") => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        _ if region.starts_with("eusc-") => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ if region.starts_with("us-iso-") => ("c2s.ic.gov", "api.aws.ic.gov"),
        _ if region.starts_with("us-isob-") => ("sc2s.sgov.gov", "api.aws.scloud"),
        _ => ("amazonaws.com", "api.aws"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_partition() {
        let host = |region, fips, dual| Service::SECRETS_MANAGER.host(region, fips, dual);
        for (region, fips, dual, expected) in [
            (
                "eu-west-1",
                false,
                false,
                "secretsmanager.eu-west-1.amazonaws.com",
            ),
            (
                "us-gov-west-1",
                true,
                false,
                "secretsmanager-fips.us-gov-west-1.amazonaws.com",
            ),
            (
                "cn-north-1",
                false,
                false,
                "secretsmanager.cn-north-1.amazonaws.com.cn",
            ),
            ("eu-west-1", false, true, "secretsmanager.eu-west-1.api.aws"),
        ] {
            assert_eq!(host(region, fips, dual), expected);
        }
    }
}
