import Foundation
import Messages
import Testing

@testable import UpdateTrust

/// The keys of a policy's file, out of one that has them all.
enum PolicyKeys {
    /// No policy, as some of it excludes other parts: every key once.
    private static let file = #"""
        {"formatVersion":1,
        "rules":[{"id":"all",
        "match":{"models":"*","hardwareRevisions":"*","environments":"*","tiers":"*","packages":"*"},
        "moves":{"upgrade":true,"reinstall":true,"downgrade":true},
        "boot":{"requireLog":true,"secureBoot":"any","firmwareVersions":["1"],"ima":"os"},
        "lease":{"seconds":60},"rescue":{"seconds":60},"drift":{"seconds":60},"grant":{"seconds":60},
        "window":{"zone":"Europe/Berlin","days":["mon"],"everyWeeks":{"weeks":2,"from":"2026-11-02"},"monthDays":[1],
        "monthWeekdays":[{"day":"tue","which":2}],"from":"22:00","to":"04:00",
        "blackouts":[{"from":"2026-12-21","to":"2027-01-05","reason":"inventory"}]},
        "attempts":3,"releaseApprovals":{"count":1,"roles":["operator"]},"witnesses":1,
        "delayed":{"freshness":"challenge","age":{"seconds":60},"span":{"seconds":60},"resets":1},
        "controls":{"releases":"*","approvals":1,"roles":["operator"],"claims":true,"witness":true,"gateway":true,
        "readBack":true},
        "gateway":true}],
        "ima":[{"id":"os","digests":["sha256:00"],"signers":[{"keyID":"4c52ae41","key":"PEM"}],
        "exclusions":[{"path":"/var/","because":"data"}],
        "buffers":[{"name":".ima","digests":["sha256:00"],"anyBecause":"data"}],
        "violationsToleratedBecause":"lab","extensions":["per-bank"]}]}
        """#

    /// Where the keys are explained.
    static var explanation: String {
        get throws {
            let path = URL(filePath: #filePath).appending(path: "../../../Provisioning/policies/README.md").standardized
            return try String(contentsOf: path, encoding: .utf8)
        }
    }

    /// The file as it is read.
    static var read: Policy.File {
        get throws { try EditedJSON.decode(Policy.File.self, from: Array(file.utf8), limit: Policy.maximumSize) }
    }

    private static func holdsOthers(_ tree: JSONTree) -> Bool {
        switch tree {
        case .object: true
        case .array(let elements): elements.contains(where: holdsOthers)
        default: false
        }
    }

    /// Each key with those it stands in, as the explanation writes them; whether others stand in it.
    static var all: [String: Bool] {
        get throws {
            var keys: [String: Bool] = [:]
            func collect(_ tree: JSONTree, at place: String) {
                switch tree {
                case .object(let object):
                    for member in object.members {
                        // Most keys are a rule's: the explanation leaves out where rules stand.
                        let isRules = place.isEmpty || place == "rules"
                        let key = isRules ? member.key : "\(place).\(member.key)"
                        keys[key] = holdsOthers(member.value)
                        collect(member.value, at: key)
                    }
                case .array(let elements):
                    for element in elements { collect(element, at: place) }
                default: break
                }
            }
            collect(try JSONTree(parsing: Array(file.utf8)), at: "")
            return keys
        }
    }
}

/// Every key of a policy's file is explained to those who write one, and no other.
@Suite struct PolicyKeysTests {
    /// What a value lacks, by the names of its members.
    private func absent(from value: Any, at place: String) -> [String] {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            guard let held = mirror.children.first else { return [place] }
            return absent(from: held.value, at: place)
        }
        return mirror.children.flatMap { child in
            // A window's clocks are no key: they come from its zone.
            child.label == "clocks" ? [] : absent(from: child.value, at: "\(place).\(child.label ?? "")")
        }
    }

    /// A key that is added and forgotten here would be missed by the test below.
    @Test func theFileHasThemAll() throws {
        let file = try PolicyKeys.read
        #expect(absent(from: file, at: "file").isEmpty)
    }

    @Test func eachIsExplained() throws {
        var rows: [String: String] = [:]
        for line in try PolicyKeys.explanation.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", maxSplits: 1)
            guard cells.count == 2 else { continue }
            for (index, name) in cells[0].split(separator: "`", omittingEmptySubsequences: false).enumerated()
            where index % 2 == 1 { rows[String(name)] = String(cells[1]) }
        }
        let keys = try PolicyKeys.all
        for (key, hasOthers) in keys where !hasOthers && rows[key] == nil {
            // A key of few words stands in the row of the one around it.
            let parts = key.split(separator: ".")
            let around = rows[parts.dropLast().joined(separator: ".")] ?? ""
            let last = parts.last.map(String.init) ?? ""
            #expect(around.contains("`\(last)`") || around.contains("\"\(last)\""), "\(key)")
        }
        #expect(Set(rows.keys).subtracting(keys.keys).isEmpty)
    }
}
