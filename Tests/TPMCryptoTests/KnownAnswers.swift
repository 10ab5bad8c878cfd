import TPMCrypto
import TPMWire

/// Answers computed once with an independent implementation: Python's hashlib and pyca/cryptography over OpenSSL.
///
/// The private keys here were made for this file and protect nothing.
enum KnownAnswers {
    static let name = hex("000befabf5b8eb3a95f9745c8aeabf80a7b72562199407e433d48a7f85ce45d4b11f")
    static let secret: [UInt8] = Array(1...32)
    static let message = Array("what the TPM signed".utf8)

    static let rsaModulus = hex(
        """
        95cd18f836edc7149208bb3c5fce1c8cd84de97a17380a6d9f1c4bc823f092a1f384f428bb759e8a2abe474090ff31ee
        3e6ab1ef24e872a326ae489f2d3f944fbe9b73096eafda184b85c4cc2fd182585d9b611074f2d0f13c9da3b9de47fca5
        b3f1bd84302a63797c3bbeb7d500431502fdce87bc501eea484d905f0e14b126095f1d25ffeac440788b742ffb2e6155
        417bbd80aff3b46c37d4d177490674d175db4bc124638852677a8d50d3d5ba55c7330a9639f39164bfba6e3cacef5ce6
        723b56deef40423920fa472ae5610d68dc05374d0e3998727011cc7353c04bbc6840a1374945f2a306f9d053e7429ace
        1107fbb3b0bceefa1291b935b95e9c97
        """
    )

    static let rsaSeed = hex("19b25856e1c150ca834cffc8b59b23adbd0ec0389e58eb22b3b64768098d002b")

    static let rsaOAEPSeed = hex("9ac6982a203de8b117c0c394e41ca3bd9929acc17feff8f297aa24c1d1ad4a61")

    static let rsaEncryptedSeed = hex(
        """
        3aecc20c4f7b61df14ffb505971b77ca519f00bee1371114f529524d5464357032b03f2931138e6626a3840090941a15
        da7b45e64284aa26d311ab60ac629df15970dcf3c391ef764002995fbdde42c7cb0f5aa3cb46f5e6709513758b8ba76f
        42e862b4f89a4e36657962538912e68ae2478614640c8016afa8b05bd02a0e6d470dfbc9b734fab95df60696be609beb
        8c60ea5ed93dbbe00732c8f63c3c715f94bb997598bed369b2f2f926dff8cd5f3a4b1a970d3ea4f9f1a37eaf5d1ca437
        c4cb725c9f560ec0a983900dc8ad1c7f230b96899ffaaf95a60391bd0d9941518d18b34706d2d8cfa601923ba90457c8
        7f8df4f4827645100c348c43a4106f68
        """
    )

    static let rsaIDObject = hex(
        """
        00440020c1d0f01cba10042311be853a5e0a6c7a322292e79c83fd9a4fcde6756cb73e270c42360a03aa43acf7f40582
        eb28970b0f185c0670cfcfe1b5b280525aed09174d51
        """
    )

    static let pssDigestSalt = hex(
        """
        0ce0699628222b3797486826382198b07ea1fb1c42354609141ab94563ef99aa8746c218467079dc22b78af225198be6
        5f457800e313da2c71a93f20f1ad70deac48f1639435fac99acee3c80e7c81ad4860d85c90b7d17b423422ba871e4add
        1bbc1df4bb6cc4d91323bb37080b0a38235fa5bcc3aeec9bda81da44a4b35ba403e923500e6a92661eb214c63c2709aa
        aeb25d1cd07f112a449446d13b3c788820dc867588e0d5218293fb34a5c2d8d9affa1971e5098634b49d6a1eee102c44
        8cad5f8045a0527d3735980269d0f5580b9ec92f8003cdcb2623ec45943260135be1bb5956835d9e9d19e6414e11d57e
        299f41c0dc43cd1ad71da2e3c6fe1a21
        """
    )

    static let pssMaximumSalt = hex(
        """
        61ab1f354248e5af49acdc2f9b3a4dfd4b54e92008b273b063d5b5c9fd94b24675a30976b87f6702240180814e6c0629
        66d30f61a2e9430d7c8c5d22fbf27a2c5cc44d542dad8f7fda1b85e3af7f61947b9346dfe36fc19340323facaf61910d
        2d293735400b24f2ffba0a7ee5b541a9eabd4d54b6ac927a3770fd994241c482740481b10aa3ee43a8c7e4cad9f4ca04
        8141771688f7b6b89cee90b5cc3c7dc77bd844398cc1b1b664ad0032134e0f6a41f6d1306928bb4c3a574e8e3c5e4aa3
        65dc60cb5e30322afa9a6227cd15492ed2ed1b27ce967d45755980b126e15066045378ea06add52fd408142fb9ed2007
        cafa06fcf38675c99a039596afb76875
        """
    )

    static let pssNoSalt = hex(
        """
        58d8378d488f01da5cb3e41d1bc0e79cc2e054097ff3fecd28125c34e0cb3c35a287cece71ee8b7b0f3b2526b844965c
        d454b0b9757259268a32b35f1aaa033746311f528f5ae521a310e1ac1adfa4b72f4cd1f43bd64dbf638b4bdf94d2ad0e
        6369deeec2d7b9d00797cf244151e2530a36a8035e29fab6240ca7cbba967d3dd65157636eaaa7a9d012a0105da9e57f
        79c502fc499b44ba1d0c86d4a4d1069812767bf25a504d02432096012375ea49b0f5789283fd291c6cc71df46885f143
        78e73eebcdbaa0bf0dcff83598491e1dc795dd1528bbde9f29dce9dab46fe2d520258a30280c29e7c90d573d9f714391
        10810812861964802ea978d1f85eae9d
        """
    )

    static let pssOtherMGF = hex(
        """
        01c9a5eadc47923bbdd1bc1a18521cb84c43b1e59126545444bf4999005d99c1ca46914548b11f691a8cf22cdf3d347b
        77558d1eb33a270aa1d40c980dde87d90d7f91617fcac57a427d1e13f6f59396ed078db05d0098781234a94ae55c9259
        c4cea7d24920b5084b15f5f0fe435c8bb6963fa08fe248f1e5cb678290481b586c1a654863caca7f5aee72ce7d361327
        4049e2677a119c7a906f5b684d324f06ef9ce56f1c93a77be68d85f1c69d40a594bd30726a6555503d01a63fb819cd7f
        fa4dc30f7fd269df8f52081bbd15b30a06fea587e6a06343404c8929aa4b61db6dbc283cd6831b1fc3c4bd130b594fc5
        c349081afaa06e67b240c06d2bf7e1e2
        """
    )

    static let rsassa = hex(
        """
        1362f9a4833e66dfaa67e1a258b361115aeb6b80adce1ca89e85c69fb678722e9d550c25622132d503db676ccc3e68a0
        fb0bb99c99b75d7d0e1836ecc53107acfb7919ac25ee642b61b58c9942e0a2c3bc00b187aa6d8ee3302318e8a1073a1e
        20c5df141a79cf8e93bd09d5e940d5ee7d4a2c476b730014808bc06e2871bb13ac9ef04d0743aa4739ae8b9e6acf2a1d
        50352303635f17bc575a06e65f01a17ad2187831b2116ed1a102719c0d766f8df74fda652e92829eaef523a90406fb7d
        f41bbabbd02047742c8fd7c2936d2335cdfa04df1cdd5d3003756a3ba96bf957a8c8b790927a498680fad03a3e220eec
        a7df0d5d01ed232c4a3f4fda57ae6442
        """
    )

    static let rsassaSHA1 = hex(
        """
        3a8680f6e1b86209c129ca1845ee918559a12a8e54f8c3d1181af6085ce1a91029ebb57fe672909a71cdc1c85b8c364a
        ea42d367e76e6202bff0b1c405e5815cb0248f2543d1b6b8f9b5dabcf9234c77988313f43e292b8ff2b6077615ae5825
        de54a322816ddc72591f82cf4a20810c349b8709b744e1f22dbdc39830c6508da64fab77f5043fc18d1523fdba9535f0
        808eeb5ec7932558b6af10de7ce3586a01c7ce50c5ca3330b2731293036aafa8d998cad04a8a94ebe64e550092ed34f3
        ef90ba684217c9192da2a8484dbdde3be9f2cc4e5dce9e60135e48d39bab7c66e992d57d0a7f96dd5798c31f412bd7f2
        db212717cb8a67f1af849621f2f85101
        """
    )

    static let rsaSPKI = hex(
        """
        30820122300d06092a864886f70d01010105000382010f003082010a028201010095cd18f836edc7149208bb3c5fce1c
        8cd84de97a17380a6d9f1c4bc823f092a1f384f428bb759e8a2abe474090ff31ee3e6ab1ef24e872a326ae489f2d3f94
        4fbe9b73096eafda184b85c4cc2fd182585d9b611074f2d0f13c9da3b9de47fca5b3f1bd84302a63797c3bbeb7d50043
        1502fdce87bc501eea484d905f0e14b126095f1d25ffeac440788b742ffb2e6155417bbd80aff3b46c37d4d177490674
        d175db4bc124638852677a8d50d3d5ba55c7330a9639f39164bfba6e3cacef5ce6723b56deef40423920fa472ae5610d
        68dc05374d0e3998727011cc7353c04bbc6840a1374945f2a306f9d053e7429ace1107fbb3b0bceefa1291b935b95e9c
        970203010001
        """
    )

    static let rsaExponentThreeSPKI = hex(
        """
        30820120300d06092a864886f70d01010105000382010d00308201080282010100dcc6d381fb35fb86784f1d802dcdbf
        32eed4a5560e96dfb2df206bc0a7ac89bf52e876b82e0a4f92490566e5cbbd261c456afa2ec5c2d08843f636608f0879
        6c0fa1fce8e49e2070f547e9e4668594f647205f204b8c4708f7a38619fd3e5fb46e9c6a657a0f9872f29e0978448d1c
        73d84052784578b8a4a340e27571d337c38f053ac27d0bb1588ceea914cd8bbf9276d56fbbf442ae0446abceafb5f250
        8e60d251d7303dde567a7b63f7891c86563ceaaa27a71dbc8d7bdcc75eaf72e7cf3c196ee961b4b4f9e9447609aa8459
        41529ac8352a65a62b10783e6025b11ece518d56c2698875156ea9eb43ba1979d089989a8773ce02b4aeadcade748b34
        0f020103
        """
    )

    static let rsaExponentThreeModulus = hex(
        """
        dcc6d381fb35fb86784f1d802dcdbf32eed4a5560e96dfb2df206bc0a7ac89bf52e876b82e0a4f92490566e5cbbd261c
        456afa2ec5c2d08843f636608f08796c0fa1fce8e49e2070f547e9e4668594f647205f204b8c4708f7a38619fd3e5fb4
        6e9c6a657a0f9872f29e0978448d1c73d84052784578b8a4a340e27571d337c38f053ac27d0bb1588ceea914cd8bbf92
        76d56fbbf442ae0446abceafb5f2508e60d251d7303dde567a7b63f7891c86563ceaaa27a71dbc8d7bdcc75eaf72e7cf
        3c196ee961b4b4f9e9447609aa845941529ac8352a65a62b10783e6025b11ece518d56c2698875156ea9eb43ba1979d0
        89989a8773ce02b4aeadcade748b340f
        """
    )

    /// A key, an ephemeral key for it, and what a credential for `name` with `secret` then is.
    ///
    /// On P-256 and P-384 the ephemeral keys were searched for: their x and the shared x begin with a zero byte.
    struct Curve: Sendable {
        let id: ECCCurve
        let nameAlg: AlgorithmID
        let symmetric: TPMTSymDefObject
        let x, y, privateKey, ephemeral, point, seed, idObject, subjectPublicKeyInfo: [UInt8]
    }

    static let curves = [p256, p384, p521]

    static let p256 = Curve(
        id: .p256,
        nameAlg: .sha256,
        symmetric: .aes128CFB,
        x: hex("64b10042845b4c46ae85ec7dee9cd7d71c03eebecb8d6c81b5040b6de423a39a"),
        y: hex("34aa0af98169d35ba863a51923a21690701dcfe3fb48c5a361a3d6517f5449b5"),
        privateKey: hex("00001d4f92ba1140f5077a9c1c9fd3476a1507bbb7619ce1d34d49ec8c481e7e"),
        ephemeral: hex("00fe7de5a8dcf0cfeea5b03d49ca386af993e4349c704f8664e24b8959cb46b8"),
        point: hex(
            """
            002000978367dcea31cca3a55e9c81fe21f91ef036328bc0a23e035835c220b7bebc002004a5463feb733fa68db2d39c
            5d0593197e3d9b23905fbb4b55a037e07128e2aa
            """
        ),
        seed: hex("b87dc6579985000e11f4bd6139f575091fb2b46d8c8b9b2e5ca4018079fa0913"),
        idObject: hex(
            """
            004400200461703d85cb89f8b345e8f0f0a5d62822adcbef92e6059d668911651dbedd8e58435f476d1d92fde80f3937
            3e93e7ac11c9fad9d3a46f8f6ae57a854228a0858ac7
            """
        ),
        subjectPublicKeyInfo: hex(
            """
            3059301306072a8648ce3d020106082a8648ce3d0301070342000464b10042845b4c46ae85ec7dee9cd7d71c03eebecb
            8d6c81b5040b6de423a39a34aa0af98169d35ba863a51923a21690701dcfe3fb48c5a361a3d6517f5449b5
            """
        )
    )

    static let p384 = Curve(
        id: .p384,
        nameAlg: .sha384,
        symmetric: .aes256CFB,
        x: hex(
            """
            e1eab377bab5fbff61cc76edf4d24e0ee10bba2278606ba7fe47197e4bdee820b7dd92e94f35a3d4d6a470961aa88c9e
            """
        ),
        y: hex(
            """
            322184ac9098b842740f7b46324d11f49f0a0613f5d4d34a27ec1738416a7a67c6f3ed7dbc6b2eb0386bb85478635c4b
            """
        ),
        privateKey: hex(
            """
            0000e3be52c5a7705b1ddd727c3d50b3082562409382bd56dfa3d3ee95f903160921e3d12254dd690a724e3e86320173
            """
        ),
        ephemeral: hex(
            """
            002aff77801f30a4caa8bd2d9bb4aa4527c8118ebd79b301fc8e55e1c58f5fe090fc16e3173c109953de22e0394e19b7
            """
        ),
        point: hex(
            """
            003000bed215a37b0790c002db3d94a6218bb0738566057accfac042d101fc407817e8c9c8daa54052ca8a6303b41ceb
            8c9b00309a6abc833e16ea02c7d65d527184d670c959efe2c48cdf34829a08fc6dfe5626bb14776b12de2da030203355
            7f6fccbc
            """
        ),
        seed: hex(
            """
            80273b40c6c6d030a0b4f8189f5c86151855b3a8540f6de1c66110f4b006fa1dbecdfc04665b093dec3b4babf29f93e6
            """
        ),
        idObject: hex(
            """
            005400301fe4eb4c1999796dffe7aeff189550098052a6a715b26c83c2954933614c4154f963033b935d23d59991c696
            13129b5fd7b5a87faf3c08dd807448df42c2cf3b46774e460e7c2dc52a9b749d1874c5901a82
            """
        ),
        subjectPublicKeyInfo: hex(
            """
            3076301006072a8648ce3d020106052b8104002203620004e1eab377bab5fbff61cc76edf4d24e0ee10bba2278606ba7
            fe47197e4bdee820b7dd92e94f35a3d4d6a470961aa88c9e322184ac9098b842740f7b46324d11f49f0a0613f5d4d34a
            27ec1738416a7a67c6f3ed7dbc6b2eb0386bb85478635c4b
            """
        )
    )

    static let p521 = Curve(
        id: .p521,
        nameAlg: .sha512,
        symmetric: .aes256CFB,
        x: hex(
            """
            0018e57b4d2159b9f7989113ad4e37093b9a76efd99995502a07ae447d15e7b7003a9b15adcdb891a14f14695cc985df
            548b9445a8831c25e9adb354696e757b7fe2
            """
        ),
        y: hex(
            """
            005da84a55172a8b0fe9eca6ee094f876eecce710b0c6b6900685aa84ee688b55c63f7922dd67572066169054bb36a8d
            3176d65ffbe3c50b13aa9dc570e4663dd8c5
            """
        ),
        privateKey: hex(
            """
            0000cdee435b80c7598daf6bccfb763e7b6595b64a8799ddff4bd430d31dfd32d9bc9b21cbf88ff13917eb8dbf214616
            2a4a575046c065daefc04294ad4edba99ce0
            """
        ),
        ephemeral: hex(
            """
            0000a51beeb3e648eb63127f33515750af237206d31c27119c79809e35bf96c59284a316b81b6f05aa3d2e6ac6496cd9
            c2b6d7838dc73e506e432f450e521d7ab89b
            """
        ),
        point: hex(
            """
            00420192d729c02dfb8534cf12945df9e7d7c6c87b582833f6aa4cc9f4ce5df3a03c41905499688a7647d4019e2c861d
            e58dda9c27d3b75a0dbf093d4d80c3378f9b070700420091b4c317c76fbd757ec014d24315176eece15f0fdb3f527ca7
            5070fd9d749c8e183c5dfd9cbdcf60d08ab546d7ae756c26ef5d32dc5850fca3214a0ecaf73314a0
            """
        ),
        seed: hex(
            """
            e1f35a0e4325c11b04640c49e6273e19d4d1c757179a0ae5f4a17ba6e9be3d94c87adb4d9803c8dde2b7db8131b2d8bb
            129bc48f2f2ef194ce20d4bdf9259d08
            """
        ),
        idObject: hex(
            """
            00640040e2e93121a96578121f5260d08079bedb73b47dfcbbd64c399e5c5fae9ae9be2109a733f3a261885f6eb06939
            10c79a3d7a6200cfaaeabff1d474077a6587b4306f3d744fa3bfe0f73220acd9cb7714e7c1ef470a52731b87acbcb939
            626f077f777b
            """
        ),
        subjectPublicKeyInfo: hex(
            """
            30819b301006072a8648ce3d020106052b8104002303818600040018e57b4d2159b9f7989113ad4e37093b9a76efd999
            95502a07ae447d15e7b7003a9b15adcdb891a14f14695cc985df548b9445a8831c25e9adb354696e757b7fe2005da84a
            55172a8b0fe9eca6ee094f876eecce710b0c6b6900685aa84ee688b55c63f7922dd67572066169054bb36a8d3176d65f
            fbe3c50b13aa9dc570e4663dd8c5
            """
        )
    )

    static let kdfa: [Derivation] = [
        Derivation(
            hash: .sha256,
            key: hex("6b6579"),
            label: "STORAGE",
            u: hex("75"),
            v: hex(
                """

                """
            ),
            bits: 128,
            result: hex("a3728d2da2df1f37cf2c625a34e5ca73")
        ),
        Derivation(
            hash: .sha384,
            key: hex(
                """
                000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
                """
            ),
            label: "INTEGRITY",
            u: hex(
                """

                """
            ),
            v: hex(
                """

                """
            ),
            bits: 384,
            result: hex(
                """
                2d749867b3eed64db97aa6dd054643dc834440f38aabb34e180bdaafc1f6738b4c045da323b394b62cbe5c75358e5a99
                """
            )
        ),
        Derivation(
            hash: .sha1,
            key: hex("ffffffffffffffffffffffffffffffffffffffffff"),
            label: "CFB",
            u: hex("616263"),
            v: hex("646566"),
            bits: 521,
            result: hex(
                """
                01ca56bef774831a5f0f5db26c3767a35722fd8e15f6275b4490ab35f6a7a846389945b35851d4dbc4ab61b4eb1eeaab
                3209a1848d42364b19aa3553bbfcc1cef8c6
                """
            )
        ),
        Derivation(
            hash: .sha512,
            key: hex("6b"),
            label: "ATH",
            u: hex(
                """

                """
            ),
            v: hex("76"),
            bits: 1001,
            result: hex(
                """
                0080a56270a24a348a0c4468d0a5a26a15fc8ae62acfb01e3b280ebfc80bd774f11f8db3433435e195859ca0b35b6a83
                a34ad4e5c62d319cda6f22e14e8c47ef1c42a74fe89f30bed0ba9520eed2e3d9bc1c06e7f77e0d61bafb1bfedc40eb10
                15d6372823b4943ed4c1faeaad9cdda2ef80b7dd8dfd6d517f3329a3cba8
                """
            )
        ),
    ]

    static let kdfe: [Derivation] = [
        Derivation(
            hash: .sha256,
            key: hex("7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"),
            label: "IDENTITY",
            u: hex("7575757575757575757575757575757575757575757575757575757575757575"),
            v: hex("7676767676767676767676767676767676767676767676767676767676767676"),
            bits: 256,
            result: hex("0ec481c19ed37e63713aed53fe4b4db1bacf8f02abe3d50321bc165caea24ca5")
        ),
        Derivation(
            hash: .sha1,
            key: hex("007a7a"),
            label: "DUPLICATE",
            u: hex(
                """

                """
            ),
            v: hex("76"),
            bits: 103,
            result: hex("7b797779c910d740e0f07b5b62")
        ),
        Derivation(
            hash: .sha512,
            key: hex("7a"),
            label: "SECRET",
            u: hex("75"),
            v: hex(
                """

                """
            ),
            bits: 1030,
            result: hex(
                """
                2c2e244686b8563fcddf7ae4a44c6151a96dd5b8d41e503ab2c47bd09177eafb85d3613c3f3a4bb4903c2567ad56a9a2
                eb9d595926b6f8008c3b5985851c0c3ea2ca2c1b03acfb1c8ca273fcb62b953a09971b694a355580e9ea28b578632cdb
                bdde85f34419b90bb96ee3ee976e669535fc56187b2ffcf970cca1e04d2c121ab6
                """
            )
        ),
    ]

}

func hex(_ text: String) -> [UInt8] {
    [UInt8](hexadecimal: text.filter { !$0.isWhitespace }) ?? []
}
