//! Which service a host name means.

/// A service of the cloud, as a `Host` header names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sts,
    Vod {
        region: String,
    },
    /// `bucket` is `None` for the region's own endpoint.
    Oss {
        bucket: Option<String>,
        /// `None` for `<bucket>.localhost`.
        region: Option<String>,
    },
    /// The vendor's beacons.
    Log,
}

/// Regions of the cloud.
const REGIONS: [&str; 26] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "cn-beijing",
    "cn-chengdu",
    "cn-fuzhou",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-heyuan",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-nanjing",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-wulanchabu",
    "cn-zhangjiakou",
    "eu-central-1",
    "us-east-1",
    "us-west-1",
];

fn is_region(name: &str) -> bool {
    REGIONS.contains(&name)
}

impl Service {
    /// The service that `host` (with or without a port) belongs to; `None` if it is not the cloud's.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let name = without_port(host).to_ascii_lowercase();
        if let Some(bucket) = name.strip_suffix(".localhost") {
            return is_bucket(bucket)
                .then(|| Self::Oss { bucket: Some(bucket.to_owned()), region: None });
        }
        let inner = name.strip_suffix(".aliyuncs.com")?;
        let labels: Vec<&str> = inner.split('.').collect();
        match labels.as_slice() {
            ["sts"] => Some(Self::Sts),
            ["sts" | "sts-vpc", region] if is_region(region) => Some(Self::Sts),
            ["vod", region] if is_region(region) => {
                Some(Self::Vod { region: (*region).to_owned() })
            }
            [.., _, "log"] => Some(Self::Log),
            [endpoint] => Some(Self::Oss { bucket: None, region: oss_region(endpoint)? }),
            [bucket, endpoint] if is_bucket(bucket) => Some(Self::Oss {
                bucket: Some((*bucket).to_owned()),
                region: oss_region(endpoint)?,
            }),
            _ => None,
        }
    }
}

fn oss_region(label: &str) -> Option<Option<String>> {
    label
        .strip_prefix("oss-")
        .filter(|region| is_region(region))
        .map(|region| Some(region.to_owned()))
}

fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oss(bucket: Option<&str>, region: Option<&str>) -> Option<Service> {
        Some(Service::Oss { bucket: bucket.map(Into::into), region: region.map(Into::into) })
    }

    #[test]
    fn hosts_of_the_cloud_are_known_and_no_others() {
        let cases = [
            ("sts.aliyuncs.com", Some(Service::Sts)),
            ("STS.cn-shanghai.aliyuncs.com:443", Some(Service::Sts)),
            ("sts-vpc.cn-beijing.aliyuncs.com", Some(Service::Sts)),
            ("vod.cn-shanghai.aliyuncs.com", Some(Service::Vod { region: "cn-shanghai".into() })),
            ("outin-1.oss-cn-shanghai.aliyuncs.com", oss(Some("outin-1"), Some("cn-shanghai"))),
            ("oss-cn-shanghai.aliyuncs.com", oss(None, Some("cn-shanghai"))),
            ("pics.localhost:8080", oss(Some("pics"), None)),
            ("videocloud.cn-hangzhou.log.aliyuncs.com", Some(Service::Log)),
            ("vod.cn-nowhere.aliyuncs.com", None),
            ("sts.cn-nowhere.aliyuncs.com", None),
            ("outin-1.oss-cn-nowhere.aliyuncs.com", None),
            ("localhost:8080", None),
            ("127.0.0.1:8080", None),
            ("[::1]:8080", None),
            ("app.test", None),
            ("aliyuncs.com", None),
            ("ecs.aliyuncs.com", None),
            ("sts.aliyuncs.com.evil.test", None),
        ];
        for (host, service) in cases {
            assert_eq!(Service::of_host(host), service, "{host}");
        }
    }
}
