import NIOSSL

/// A service that listens on the loopback, as `localhost`, and whom it is asked as.
package struct ProbedEdge: Sendable {
    /// Where it listens.
    package var port: Int
    /// The CA certificates (PEM) that its own chains to.
    package var roots: String
    /// Certificate chain and key (PEM) of whoever asks; `nil` shows none.
    package var identity: (certificate: [UInt8], key: [UInt8])?

    package init(port: Int, roots: String, identity: (certificate: [UInt8], key: [UInt8])? = nil) {
        self.port = port
        self.roots = roots
        self.identity = identity
    }

    /// The same service, asked by somebody else.
    package func asked(by identity: (certificate: [UInt8], key: [UInt8])?) -> ProbedEdge {
        ProbedEdge(port: port, roots: roots, identity: identity)
    }

    var context: NIOSSLContext {
        get throws {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv13
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(roots.utf8)))
            if let identity {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        }
    }
}
