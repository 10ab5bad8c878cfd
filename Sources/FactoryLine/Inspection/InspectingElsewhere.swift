import Endorsement
import FactoryAuthority
import TPMCrypto
import TPMDevice
import TPMWire

/// What is kept beside the profile's places.
extension Inspector {
    /// What is at places where the profile keeps nothing.
    func elsewhere(_ own: [TPMTPublic], _ canAsk: Bool) throws -> [TPMInspection.Place] {
        let keys = profile.keys
        let ours = Set(
            ([profile.endorsementKey.handle, keys.iakHandle, keys.idevidHandle] + profile.nv.all).map(\.handle)
        )
        var places: [TPMInspection.Place] = []
        for handle in try connection.handles(.persistent) where !ours.contains(handle) {
            guard let object = try connection.persistentObject(at: handle) else { continue }
            let area = try connection.readPublic(object).publicArea
            let kind = try connection.diagnosis(of: area, canAsk: canAsk)?.description ?? "key"
            let same = own.contains(area) ? ", the same as the profile's" : ""
            places.append(TPMInspection.Place(handle: handle.asInProfiles, what: Self.text(kind + same, at: handle)))
        }
        let publicKeys = own.compactMap { try? PublicKey($0) }
        for handle in try connection.handles(.nvIndex) where !ours.contains(handle) {
            var kind = "index"
            if let content = try? connection.content(of: handle), let found = try? ParsedCertificate(der: content) {
                kind = publicKeys.contains(found.subjectKey) ? "certificate of a key of the profile" : "certificate"
            }
            places.append(TPMInspection.Place(handle: handle.asInProfiles, what: Self.text(kind, at: handle)))
        }
        return places
    }

    private static func text(_ kind: String, at handle: Handle) -> String {
        KnownPlaces.meaning(of: handle).map { "\(kind); place of: \($0)" } ?? kind
    }
}

extension Handle {
    /// As profiles write it.
    fileprivate var asInProfiles: String { "0x" + description.dropFirst(2).uppercased() }
}
