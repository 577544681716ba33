//! What the times were measured on.

/// Such as `2 × Intel(R) Xeon(R) CPU, x86_64`.
pub fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text));
    let model = model.unwrap_or_else(|| "an unnamed CPU".to_owned());
    format!("{cores} × {model}, {}", std::env::consts::ARCH)
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches(['\t', ' ', ':']).to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_model_is_read() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\ncache size\t: 1 KB\n";
        assert_eq!(super::model(cpuinfo).as_deref(), Some("Some CPU @ 2.0GHz"));
        assert_eq!(super::model(""), None);
    }
}
