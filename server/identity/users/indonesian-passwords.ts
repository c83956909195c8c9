/**
 * What people in Indonesia make passwords of, the commonest first: words of love and faith, names, places, clubs, food, the
 * language's commonest words, and patterns of their keyboards. The dictionary beside it knows English and international ones
 * alone. Passwords are judged with these as parts, so `rahasia123` and `sayangkamu` fall with `rahasia` and `sayang`.
 */
const LINES = [
  // words that passwords are made of
  "rahasia sandi katasandi kata password passwordku akunku masuk admin administrator bismillah",
  "alhamdulillah subhanallah masyaallah insyaallah allahuakbar astagfirullah assalamualaikum",
  "muhammad allah islam muslim muslimah yesus tuhan kristus doa surga ramadhan lebaran idulfitri sholat",
  "kaabah mekah madinah gereja natal",
  "sayang sayangku sayangkamu cinta cintaku cintakamu cintasejati aku kamu akucintakamu akusayangkamu dia",
  "kita kami kekasih pacar pacarku mantan jodoh rindu kangen hati hatiku jiwa setia selamanya",
  "mama papa ibu bapak ayah bunda mamah emak umi abi kakak adik anak anakku keluarga nenek kakek istri",
  "suami istriku suamiku bidadari pangeran putri",
  "indonesia indonesiaku merdeka garuda pancasila nusantara bhinneka merahputih indonesiaraya tujuhbelas",
  "agustus kartini sukarno soekarno soeharto jokowi prabowo",
  "jakarta bandung surabaya jogja yogyakarta semarang malang medan bali denpasar makassar palembang bogor",
  "depok bekasi tangerang solo surakarta padang pekanbaru lampung banten cirebon",
  "tasikmalaya garut sukabumi cianjur karawang purwokerto tegal pekalongan magelang klaten kudus jepara",
  "kediri madiun jember banyuwangi sidoarjo gresik mojokerto lamongan madura lombok mataram",
  "kupang ambon manado gorontalo palu kendari samarinda balikpapan banjarmasin pontianak batam jambi",
  "bengkulu aceh papua jayapura sorong sumatra sumatera jawa kalimantan sulawesi maluku",
  "persib persija persebaya arema psis psm bonek viking jakmania bobotoh aremania persis persipura",
  "sriwijaya timnas sepakbola bola juara",
  "bersama bahagia senyum semangat sukses berkah rejeki rezeki kaya jaya makmur sejahtera damai indah",
  "cantik ganteng manis lucu imut keren hebat mantap gaul asik santai",
  "malaikat bintang bulan matahari langit pelangi bunga mawar melati anggrek teratai kupu kupukupu merpati",
  "elang rajawali harimau macan singa naga kucing anjing kelinci buaya",
  "merah putih biru hijau kuning hitam ungu jingga coklat emas perak satu dua tiga empat lima enam tujuh",
  "delapan sembilan sepuluh nol seribu sejuta",
  "senin selasa rabu kamis jumat sabtu minggu januari februari maret april mei juni juli agustus september",
  "oktober november desember",
  "pagi siang sore malam hari ini besok kemarin selamat selamatpagi selamatmalam selamatdatang terimakasih",
  "terima kasih apakabar halo hai mimpi hidup mati harapan kenangan",
  "nasi nasigoreng goreng ayam bakso sate rendang soto mie indomie gado tempe tahu sambal kopi teh susu",
  "gula garam cabe kue roti warung toko dompet uang duit rupiah bayar",
  "sekolah kuliah kampus guru dosen murid siswa mahasiswa kelas buku pulpen komputer laptop internet",
  "facebook instagram whatsapp tiktok telkomsel indosat android motor mobil honda yamaha",
  "rumah rumahku kamar pintu jendela meja kursi pasar jalan kota desa gunung laut pantai sungai hujan angin",
  "api air tanah batu pohon daun",
  "bangsat anjay anjing babi monyet gila bodoh goblok kampret brengsek tolol jomblo galau alay lebay baper",
  "bucin mager",
  "terserah lupa lupapassword gaktau gatau gaada tidaktahu bukan jangan buka tutup bebas tetap selalu pasti",
  "boleh bisa mau ingin",
  // names
  "agus budi siti dewi sri andi ahmad joko wahyu putra putri rizky rizki riski dian rina rini indah ayu nur",
  "eko hendra dwi tri yanti wati bambang slamet sugeng",
  "fitri lestari ratna maya nia lia lina linda yuni yani ani ana anisa annisa aisyah fatimah khadijah zahra",
  "nabila salsabila putriku intan permata mutiara melati kartika wulan sari",
  "adi ari arif arief asep ujang dedi dadang iwan iwansetiawan setiawan gunawan hidayat saputra pratama",
  "nugroho santoso susanto wijaya kusuma wibowo prasetyo kurniawan firmansyah maulana",
  "ramadhani hakim rahman rahmat abdullah abdul ibrahim yusuf ismail ali umar usman hasan husein fajar bayu",
  "angga dimas galih gilang ilham iqbal irfan fauzi reza rendy rudi yoga",
  "made wayan ketut nyoman gede komang kadek putu cinta bunga citra tiara nadia nisa tika mega vina winda",
  "yulia novita novi desi susi tuti umi",
  // keyboards and shapes
  "qwerty qwertyuiop asdfgh asdfghjkl zxcvbnm qazwsx abcdef abcde abc123 satuduatiga satudua akubisa",
  "akuganteng akucantik akukeren akubahagia cintaallah iloveallah ilovemama iloveyou",
  "saya sayasuka suka benci sedih senang marah takut cemburu bosan capek lelah ngantuk tidur makan minum",
  "kerja libur pulang pergi datang",
];

export const INDONESIAN_PASSWORDS: readonly string[] = [...new Set(LINES.join(" ").split(" "))];
