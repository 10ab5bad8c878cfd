import CommandLineContract
import Messages
import VerifierClient

/// What a command asks the verifier about, which says the same of everything that it does not have.
struct AskedAbout: Sendable {
    /// What it does not have.
    private let missing: String
    /// Where what it has is to be seen.
    private let hint: String

    private static let listing = "check the name; birthmark device list shows what there is"
    private static let releases = "check the digest; birthmark release list shows what there is"

    /// A device, and a release for it where one is named.
    static func device(_ name: Label, andRelease manifest: ContentDigest? = nil) -> AskedAbout {
        guard let manifest else { return AskedAbout(missing: "no device \(name)", hint: listing) }
        return AskedAbout(
            missing: "no device \(name), or no release \(manifest)",
            hint: "check both; birthmark device list and birthmark release list show what there is"
        )
    }

    /// Several devices.
    static func devices(_ names: [Label]) -> AskedAbout {
        let list = names.map(\.text).joined(separator: ", ")
        return AskedAbout(missing: "not all of these devices: \(list)", hint: listing)
    }

    /// A device's boot that was refused.
    static func refusedBoot(of name: Label) -> AskedAbout {
        AskedAbout(
            missing: "no refused boot of a device \(name)",
            hint: "birthmark device show says how it stands; nothing of it was refused, or it was accepted since"
        )
    }

    /// A release.
    static func release(_ manifest: ContentDigest) -> AskedAbout {
        AskedAbout(missing: "no release \(manifest)", hint: releases)
    }

    /// A release's rollout.
    static func rollout(of manifest: ContentDigest) -> AskedAbout {
        AskedAbout(
            missing: "no rollout of a release \(manifest)",
            hint: "without one a release goes to all whom the policy lets; birthmark release rollout --percent sets one"
        )
    }

    /// An entry of the ledger.
    static func entry(_ number: Int) -> AskedAbout {
        AskedAbout(missing: "no entry \(number) on its ledger", hint: "birthmark ledger tail shows the last ones")
    }

    /// A key.
    static func key(_ name: String, for kind: KeyKind) -> AskedAbout {
        AskedAbout(
            missing: "no key \(name) for \(kind.rawValue)",
            hint: "birthmark key list prints what keys are for, and what they are called"
        )
    }

    /// What the verifier's answer means, where it says that there is no such thing.
    func failure(_ error: VerifierClientError) -> CommandFailure? {
        guard case .problem(let problem) = error, problem.kind == .notFound else { return nil }
        return CommandFailure(.refused, "the verifier has \(missing)", hint: hint)
    }
}
