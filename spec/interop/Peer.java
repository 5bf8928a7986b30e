// Java's JSSE as a peer: see run.lua for what it is asked.
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class Peer {
    private static final Map<String, String> options = new HashMap<>(Map.of("times", "1"));

    private static SSLContext context() throws Exception {
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        try (FileInputStream file = new FileInputStream(options.get("cafile"))) {
            int i = 0;
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(file))
                roots.setCertificateEntry("root" + i++, c);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(roots);
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        if (options.containsKey("p12"))
            try (FileInputStream file = new FileInputStream(options.get("p12"))) {
                own.load(file, "secret".toCharArray());
            }
        keys.init(own, "secret".toCharArray());
        SSLContext c = SSLContext.getInstance("TLS");
        c.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return c;
    }

    private static SSLParameters set(SSLParameters p) {
        p.setProtocols(new String[] { "TLSv1.3", "TLSv1.2" });
        if (options.containsKey("alpn"))
            p.setApplicationProtocols(options.get("alpn").split(","));
        return p;
    }

    private static void serve(Socket s) {
        try (s) {
            DataInputStream in = new DataInputStream(s.getInputStream());
            StringBuilder line = new StringBuilder();
            for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte())
                line.append((char)b);
            byte[] data = new byte[Integer.parseInt(line.toString())];
            in.readFully(data);
            s.getOutputStream().write(data);
            System.out.println("echoed " + data.length);
        } catch (IOException e) {
            System.out.println("failed " + e);
        }
    }

    private static void request(SSLSocket s, byte[] data) throws Exception {
        try (s) {
            SSLParameters p = set(s.getSSLParameters());
            p.setEndpointIdentificationAlgorithm("HTTPS");
            s.setSSLParameters(p);
            s.startHandshake();
            Thread writer = new Thread(() -> {
                try {
                    s.getOutputStream().write((data.length + "\n").getBytes(StandardCharsets.US_ASCII));
                    s.getOutputStream().write(data);
                } catch (IOException e) {
                    System.out.println("failed " + e);
                }
            });
            writer.start();
            byte[] back = new byte[data.length];
            new DataInputStream(s.getInputStream()).readFully(back);
            writer.join();
            System.out.println((Arrays.equals(data, back) ? "same " : "other ") + data.length);
        }
    }

    public static void main(String[] args) throws Exception {
        for (String arg : Arrays.copyOfRange(args, 1, args.length)) {
            String[] pair = arg.split("=", 2);
            options.put(pair[0], pair[1]);
        }
        SSLContext c = context();
        int times = Integer.parseInt(options.get("times"));
        InetAddress here = InetAddress.getByName("127.0.0.1");
        if (args[0].equals("server")) {
            SSLServerSocket l = (SSLServerSocket)c.getServerSocketFactory().createServerSocket(0, 5, here);
            SSLParameters p = set(l.getSSLParameters());
            p.setNeedClientAuth(options.containsKey("client_auth"));
            l.setSSLParameters(p);
            System.out.println("port " + l.getLocalPort());
            for (int i = 0; i < times; i++)
                serve(l.accept());
            return;
        }
        byte[] data = System.in.readAllBytes();
        for (int i = 0; i < times; i++) {
            SSLSocket s = (SSLSocket)c.getSocketFactory().createSocket("localhost", Integer.parseInt(options.get("port")));
            request(s, data);
        }
    }
}
