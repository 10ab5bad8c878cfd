/// The policy that `init` begins with: the same as `Provisioning/policies/default.json`, which a test holds it to.
///
/// It stands here because the program is installed without the directories around it.
public enum DefaultPolicy {
    /// The file's bytes.
    public static let bytes = Array((text + "\n").utf8)

    private static let text = """
        {
          "formatVersion": 1,
          "rules": [
            {
              "id": "production-hardware",
              "match": {
                "environments": ["production"],
                "tiers": ["tpm"],
                "models": "*",
                "hardwareRevisions": "*",
                "packages": "*"
              },
              "moves": { "upgrade": true, "reinstall": true, "downgrade": false },
              "boot": { "requireLog": true, "secureBoot": "required" },
              "lease": { "seconds": 86400 },
              "grant": { "seconds": 7200 }
            },
            {
              "id": "production-virtual",
              "match": {
                "environments": ["production"],
                "tiers": ["vtpm"],
                "models": "*",
                "hardwareRevisions": "*",
                "packages": "*"
              },
              "moves": { "upgrade": true, "reinstall": true, "downgrade": false },
              "boot": { "requireLog": true, "secureBoot": "required" },
              "lease": { "seconds": 14400 },
              "grant": { "seconds": 3600 }
            },
            {
              "id": "lab",
              "match": {
                "environments": ["lab"],
                "tiers": ["tpm", "vtpm"],
                "models": "*",
                "hardwareRevisions": "*",
                "packages": "*"
              },
              "moves": { "upgrade": true, "reinstall": true, "downgrade": true },
              "boot": { "requireLog": false, "secureBoot": "any" },
              "lease": { "seconds": 86400 },
              "grant": { "seconds": 7200 }
            }
          ]
        }
        """
}
