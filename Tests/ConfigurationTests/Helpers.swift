import Configuration

/// What a file of this text, called `netbootd.yaml`, comes to.
func parse(_ text: String) -> ConfigurationReport {
    DeploymentConfiguration.parse(Array(text.utf8), file: "netbootd.yaml")
}

/// The words of its errors.
func errors(in text: String) -> [String] { parse(text).errors.map(\.description) }

/// The words of its warnings.
func warnings(in text: String) -> [String] { parse(text).warnings.map(\.description) }
