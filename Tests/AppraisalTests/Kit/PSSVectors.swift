import TPMWire

/// One RSA key and a quote that it signed with three lengths of salt, made with `openssl dgst -sigopt rsa_pss_saltlen`.
///
/// The quote is the one of an untouched `Scene` whose key has this modulus; swift-crypto signs with one length only.
enum PSSVectors {
    static let modulus = hex(
        """
        abfd7f21b1d2f4f246aa8c9d3bb73b1b060ef12c2b9fb82996d8be8d9dcb9f1c53df4ad687702b287862b39c5db52587
        52cc6b4428bd54a8ea3e66a46dfd1d7bd93a30caa2a25b4241677f10da69cbc3cfdc9a95c544654b2932e014e3029730
        c0bb41179ca7ad7f8999217c6ee0279ae20e0045c78ec84bafba387ff54f87af07428fa62c2966c11c00bc1299b0cc33
        021abdb43c92d9ed8458d44b74a30ba4967adc8db033ffa3f2524041ca5004eff9f6420f4dc87cd9b1bf4ee5c54d06af
        992595a265a25493aec4f3e32d91a814ee5bb9b1035a4433f8ff5c4ce67ffa6079dcd43e5667bf1f335b3103726aec3b
        e148c45d4d652824976a5b9d54143ddd
        """
    )

    static let saltOfTheDigestsLength = hex(
        """
        a2c8f486bd9e7e6370f3ceb628fc92c9ab57adf8cd1890d292225730a27305904e60b4d3fe750a7be202c272d2b1f7ce
        99a53cc90dca33b7ac41fd61c2b252129702d0401a20a6f01805eda4ca92c74d0276dd88681ed9aadb0ed7460019c757
        5e19aec8b55765ed873aff79bc74f935bbc03abb65dfc76f7874538af5a29f24cf36d714b4ac7bebd98dfc4953a1b892
        c24078f6ff4667c7246fb9acbeabfdc7cc38e5ab6ad8bfbd56ecc4fa3b270cec26f2af572e4fcf165f1f06536ff89826
        888af8b4d898763d4173ac8985f0dffb7a716b85fcf6d589eea5ce79666e5e5ee0780ce0d7af803fff685fcf554cebbd
        531af7437bf3f529a58fb255779ca2c7
        """
    )

    static let noSalt = hex(
        """
        72cdb42d1d85705fb2370db5b798d3a8d2bb3b04d45b71889db28ae451b31c14397a7cf43d522d37fca48f07f9d72efe
        f5c9d121e9c03c7282bcef9c1e3e359cf2975c3a1088e22c46b91137c00738360d4fa49b2a0b6a0b6af873ef050ecfaa
        1060f78205c0540a73e461c7910d16e14680ccad15f2f2a88cd63725bae98fbca7f507a1152d556820f928cd04c4b4b8
        ae5b55cc3e05f2e58d5d7e794c674c07410908817475e98c168b0fbf6a60134daa8698e4563bcbfd81acf17b1bc2e7ac
        b4d9d47443ec7b656d99afcad9659c7f2292a2844e472e5b69cf0d1f3e6bc05b758d31e5f99815cb5c054327c1f69ad3
        10a86918d4660de8c6bcebdc2b87e555
        """
    )

    static let longestSalt = hex(
        """
        766b3f53d9706a59474fdf30f4db9fb54fec1c393b4dc2a4fb487e7329450075f8c5d2771058a09c0d3ea01208e63536
        a4df8fb2ce53ee2931561ba1438b1ec0ad260e7a138eb35a9d1e2b8723d043429a36f8f74537d9681f55cb7857d6b60c
        6f8b57c2a581b2d0ea55ffb182120eac654263a26d9d76b3a3877ea964ee733f9bb289112124bde766df28218b4a1ff7
        f31de10a69fddefc22657ee1ed96c1ff817e3eb5e5e6a4e051248f81f69f60b04dc42a4449cdd01ae2db32122628325c
        7305bf7daea3d2549172df0edb1c19564b6619da244e91d237b65097300d45457b6be2d01ed9e92ff9ce98dc4cbf8ec1
        9e9168525dad1cf2a3f1c25d680c19e9
        """
    )

    private static func hex(_ text: String) -> [UInt8] { [UInt8](hexadecimal: text.filter { !$0.isWhitespace }) ?? [] }
}
