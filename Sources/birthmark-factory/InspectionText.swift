import FactoryLine

/// An inspection in words for whoever stands at the line.
struct InspectionText {
    private let inspection: TPMInspection

    init(_ inspection: TPMInspection) { self.inspection = inspection }

    var text: String {
        let blocks: [[String]] = [
            ["TPM             \(inspection.manufacturer) \(inspection.vendor), firmware \(inspection.firmwareVersion)"],
            firmware,
            inspection.weakKeys.map { line("weak key        ", $0) },
            key("endorsement key", inspection.endorsementKey),
            ["                public area SHA-256 \(inspection.endorsementKey.publicAreaSHA256)"],
            key("attestation key", inspection.iak),
            key("identity key   ", inspection.idevid),
            inspection.indices.map(index),
            ownership,
            born,
            inspection.elsewhere.map { "elsewhere       \($0.handle): \($0.what)" },
            inspection.differences.map { "differs         \($0)" },
            inspection.problems.map { "in the way      \($0)" },
            ["after a clear   \(afterClear)"],
        ]
        return blocks.flatMap(\.self).joined(separator: "\n")
    }

    private var firmware: [String] {
        guard let advisories = inspection.advisories else {
            return ["firmware        not judged: the station keeps no list of known-bad firmware, or none was named"]
        }
        guard !advisories.isEmpty else { return ["firmware        no advisory speaks of it"] }
        return advisories.map { line("firmware        ", $0) }
    }

    private func line(_ label: String, _ advisory: TPMInspection.Advisory) -> String {
        let verdict =
            switch advisory.verdict {
            case "refused": "known bad"
            case "waived": "waived"
            default: "remark"
            }
        return "\(label)\(verdict): \(advisory.detail) <\(advisory.origin)>"
    }

    private func key(_ label: String, _ key: TPMInspection.Key?) -> [String] {
        guard let key else { return ["\(label) not there"] }
        let place = key.handle.map { "kept at \($0)" } ?? "can be made, not kept"
        let certificate = key.issuer.map { "certified by \($0)" } ?? "no certificate"
        return ["\(label) \(place), \(certificate)"] + (key.template.map { ["                \($0)"] } ?? [])
    }

    private func index(_ index: TPMInspection.Index) -> String {
        guard index.isThere else { return "\(index.handle)      not there: \(index.purpose)" }
        let state = index.count.map { "at \($0)" } ?? (index.isLocked ? "locked" : "not locked")
        return "\(index.handle)      \(index.purpose), \(state), defined by the \(index.definedBy ?? "owner")"
    }

    private var ownership: [String] {
        let ownership = inspection.ownership
        let set = ownership.set.isEmpty ? "none set" : "set: \(ownership.set.joined(separator: ", "))"
        let clear = ownership.isClearForbidden ? "; clearing is forbidden" : ""
        return [
            "authorization   \(set)\(clear)",
            "lockout         \(ownership.isLockedOut ? "LOCKED, " : "")\(ownership.failures) of \(ownership.maxTries) tries used, "
                + "one forgotten every \(ownership.recoveryTime) s, \(ownership.lockoutRecovery) s after a wrong lockout value",
        ]
    }

    private var born: [String] {
        guard let born = inspection.born else { return ["born            not yet, or cleared since"] }
        return [
            "born            as \(born.serial), instance \(born.instance)\(born.complete ? "" : ", unfinished or cleared")"
        ]
    }

    private var afterClear: String {
        let lost = inspection.indices.filter { !$0.survivesClear }.map(\.handle)
        let nv = lost.isEmpty ? "all of its NV stays" : "NV is lost: \(lost.joined(separator: ", "))"
        return "the same keys can be made again; \(nv)"
    }
}
